import type { BraneId, ObjectId, SceneObject } from '@state-server/domain';
import type { ReadTransaction } from '@state-server/persistence-port';
import type { SeenObjects } from './seen-objects';

/**
 * What hangs below a group, parents first, siblings in order, without deleted ones and what they hold; from the one after
 * `after` on, or from the start when that does not hang below the group any more. What is yielded is in `seen`.
 */
export async function* walkGroup(
  tx: ReadTransaction,
  braneId: BraneId,
  seen: SeenObjects,
  root: ObjectId,
  after: ObjectId | undefined,
): AsyncGenerator<SceneObject> {
  await seen.load(after === undefined ? [root] : [root, after]);
  const group = seen.get(root);
  if (!group || !seen.isLive(group)) return;
  const resumed = after === undefined ? undefined : seen.get(after);
  let at: SceneObject = resumed && hangsBelow(seen, resumed, root) ? resumed : group;
  for (;;) {
    const next = (await firstChild(tx, braneId, at)) ?? (await nextSibling(tx, braneId, seen, at, root));
    if (!next) return;
    seen.learn(next);
    at = next;
    if (at.deleted_at === undefined) yield at;
  }
}

async function firstChild(
  tx: ReadTransaction,
  braneId: BraneId,
  { id, kind, deleted_at }: SceneObject,
): Promise<SceneObject | undefined> {
  if (kind === 'block' || deleted_at !== undefined) return undefined;
  const [doc] = await tx.range('objects', { index: 'by_parent', prefix: [braneId, id], limit: 1 });
  return doc?.object;
}

/** The one behind it, or behind the nearest of its ancestors that has one, up to the root of the walk. */
async function nextSibling(
  tx: ReadTransaction,
  braneId: BraneId,
  seen: SeenObjects,
  from: SceneObject,
  root: ObjectId,
): Promise<SceneObject | undefined> {
  let at: SceneObject | undefined = from;
  while (at && at.id !== root && at.parent_id !== null) {
    const siblings = { index: 'by_parent', prefix: [braneId, at.parent_id], limit: 1 } as const;
    const [doc] = await tx.range('objects', { ...siblings, gt: [at.order, at.id] });
    if (doc) return doc.object;
    at = seen.get(at.parent_id);
  }
  return undefined;
}

function hangsBelow(seen: SeenObjects, object: SceneObject, root: ObjectId): boolean {
  let at: SceneObject | undefined = object;
  while (at && at.parent_id !== null && at.parent_id !== root) at = seen.get(at.parent_id);
  return at?.parent_id === root;
}
