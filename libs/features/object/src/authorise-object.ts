import { readBrane, withReadErrors } from '@state-server/commit';
import { asUser, type ObjectId, type UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { assertCan } from '@state-server/protocol';

/**
 * Whether the user may edit the brane that the object is or was in: one that is deleted by now still has one (SYNC I6). Throws
 * `object.not_found` for whoever may not see it, `permission.denied` for whoever may only look.
 */
export async function authoriseOnObject(store: Store, userId: UserId, id: ObjectId): Promise<void> {
  const registered = await withReadErrors(
    store.read({ label: 'object.authorise' }, (tx) => tx.get('object_ids', [id])),
  );
  const brane = registered && (await readBrane(store, registered.brane_id));
  assertCan(asUser(userId), 'brane.edit', brane?.meta, { hidden: 'object.not_found', details: { id } });
}
