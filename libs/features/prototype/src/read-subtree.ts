import { withReadErrors } from '@state-server/commit';
import { asUser, type ObjectId, PROTOTYPE_LIMITS, type SceneObject, type UserId } from '@state-server/domain';
import { readObject } from '@state-server/commit';
import type { Store } from '@state-server/persistence-port';
import { assertCan, fail } from '@state-server/protocol';

/**
 * A live object that the user may see with all that hangs below it, from one snapshot; the object itself first. Throws
 * `object.not_found`, `brane.deleted`, or `prototype.invalid` when there is more than a version may hold.
 */
export async function readSubtree(
  store: Store,
  userId: UserId,
  id: ObjectId,
): Promise<readonly SceneObject[]> {
  const view = await readObject(store, id, userId);
  const there = view?.deleted === false ? view : undefined;
  assertCan(asUser(userId), 'brane.view', there?.meta, { hidden: 'object.not_found', details: { id } });
  if (there.meta.status !== 'live') throw fail('brane.deleted', { id: there.meta.id });
  const max = PROTOTYPE_LIMITS.nodes_per_prototype;
  const found: SceneObject[] = [there.object];
  await withReadErrors(
    store.read({ label: 'prototype.read_subtree' }, async (tx) => {
      found.length = 1;
      for (const object of found) {
        if (object.kind === 'block') continue;
        const children = await tx.range('objects', {
          index: 'by_parent',
          prefix: [object.brane_id, object.id],
          limit: 2 * max + 1,
        });
        for (const doc of children) if (doc.deleted_at === undefined) found.push(doc.object);
        if (found.length > max) {
          const message = `${id} holds more than the ${max} objects that a version may have.`;
          throw fail('prototype.invalid', { pointer: '/from', max }, message);
        }
      }
    }),
  );
  const link = found.find(
    (object) => object.kind === 'group' && (object.link !== undefined || object.is_brane),
  );
  if (!link) return found;
  throw fail(
    'prototype.invalid',
    { pointer: '/from', id: link.id },
    'A prototype holds no brane and no link to one.',
  );
}
