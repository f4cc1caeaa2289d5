import { readBrane, withReadErrors } from '@state-server/commit';
import { asUser, type BraneId, type ObjectId, type UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { assertCan } from '@state-server/protocol';

/**
 * Whether the user may edit the brane at this moment. Throws `brane.not_found` for whoever may not see it,
 * `permission.denied` for whoever may only look.
 */
export async function authoriseInBrane(store: Store, userId: UserId, braneId: BraneId): Promise<void> {
  const brane = await readBrane(store, braneId);
  assertCan(asUser(userId), 'brane.edit', brane?.meta, { details: { id: braneId } });
}

/** The same for the brane that the object is or was in: an object that is deleted by now still has one (SYNC I6). */
export async function authoriseOnObject(store: Store, userId: UserId, id: ObjectId): Promise<void> {
  const registered = await withReadErrors(
    store.read({ label: 'object.authorise' }, (tx) => tx.get('object_ids', [id])),
  );
  const brane = registered && (await readBrane(store, registered.brane_id));
  assertCan(asUser(userId), 'brane.edit', brane?.meta, { hidden: 'object.not_found', details: { id } });
}
