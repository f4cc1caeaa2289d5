import { readBrane, withReadErrors } from '@state-server/commit';
import { type BraneId, type ObjectId, type UserId, can, roleIn } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';

/**
 * Whether the user may edit the brane at this moment. Throws `brane.not_found` for whoever may not see it,
 * `permission.denied` for whoever may only look.
 */
export async function authoriseInBrane(store: Store, userId: UserId, braneId: BraneId): Promise<void> {
  const brane = await readBrane(store, braneId);
  const role = brane ? roleIn(brane.meta, userId) : null;
  if (role === null || !can(role, 'view')) throw fail('brane.not_found', { id: braneId });
  if (!can(role, 'edit')) throw fail('permission.denied');
}

/** The same for the brane that the object is or was in: an object that is deleted by now still has one (SYNC I6). */
export async function authoriseOnObject(store: Store, userId: UserId, id: ObjectId): Promise<void> {
  const registered = await withReadErrors(
    store.read({ label: 'object.authorise' }, (tx) => tx.get('object_ids', [id])),
  );
  const brane = registered && (await readBrane(store, registered.brane_id));
  const role = brane ? roleIn(brane.meta, userId) : null;
  if (role === null || !can(role, 'view')) throw fail('object.not_found', { id });
  if (!can(role, 'edit')) throw fail('permission.denied');
}
