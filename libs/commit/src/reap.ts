import type { ObjectId, OpContext, Resolved, WorkingCopy } from '@state-server/domain';
import { fail, fromRefusal } from '@state-server/protocol';
import type { Ground } from './lane';

/**
 * Up to `limit` objects of subtrees that were marked before `before`, leaves first, so that what stays is a tree after
 * every step (SYNC S1). `edit.empty` when there is nothing to take away.
 */
export async function resolveReap(
  ground: Ground,
  copy: WorkingCopy,
  demand: { readonly before: string; readonly limit: number },
  context: OpContext,
): Promise<Resolved> {
  const marked = await ground.tx.range('objects', {
    index: 'by_brane_deletion',
    prefix: [ground.head.brane_id],
    lt: [demand.before],
    limit: demand.limit,
  });
  const leaving = new Set<ObjectId>();
  for (const doc of marked) {
    await ground.load.objects([doc.id]);
    // The index knows nothing of what this very transaction did: the mark may be lifted by now.
    if (copy.get(doc.id)?.deleted_at === undefined) continue;
    // Its subtree may have been taken with a marked ancestor's.
    if (!leaving.has(doc.id)) await collectLeavesFirst(ground, copy, doc.id, demand.limit, leaving);
    if (leaving.size >= demand.limit) break;
  }
  if (leaving.size === 0) throw fail('edit.empty', undefined, 'Nothing is to be reaped.');
  const op = { op: 'reap', ids: [...leaving] } as const;
  const before = copy.savepoint();
  const result = await ground.load.run(
    () => copy.apply(op, context),
    () => copy.rollback(before),
  );
  if (!result.ok) throw fromRefusal(result.refusal);
  return { ops: [op], inverses: [], skipped: [] };
}

/** True when all of the subtree is in. The depth is bounded by the tree's limit. */
async function collectLeavesFirst(
  ground: Ground,
  copy: WorkingCopy,
  id: ObjectId,
  limit: number,
  into: Set<ObjectId>,
): Promise<boolean> {
  await ground.load.objects([id]);
  const object = copy.get(id);
  if (!object) return true;
  if (object.kind === 'group') {
    await ground.load.children(id);
    const children = copy.children(id);
    for (const child of children) {
      if (!into.has(child) && !(await collectLeavesFirst(ground, copy, child, limit, into))) return false;
    }
  }
  if (into.size >= limit) return false;
  into.add(id);
  return true;
}
