import { withReadErrors } from '@state-server/commit';
import { maySee, type PrototypeId, type UserId } from '@state-server/domain';
import type { PrototypeDoc, ReadTransaction, Store } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';

/**
 * A prototype that the user may see. Throws `prototype.not_found` for whoever may not know of it, `prototype.deleted` for
 * whoever could have.
 */
export async function findPrototype(store: Store, userId: UserId, id: PrototypeId): Promise<PrototypeDoc> {
  return withReadErrors(store.read({ label: 'prototype.find' }, (tx) => seenIn(tx, userId, id)));
}

export async function seenIn(tx: ReadTransaction, userId: UserId, id: PrototypeId): Promise<PrototypeDoc> {
  const prototype = await tx.get('prototypes', [id]);
  if (!prototype || !maySee(prototype, userId)) throw fail('prototype.not_found', { id });
  if (prototype.is_deleted) throw fail('prototype.deleted', { id });
  return prototype;
}

/** The same, when it is the user's own. Throws `permission.denied` besides. */
export async function ownIn(tx: ReadTransaction, userId: UserId, id: PrototypeId): Promise<PrototypeDoc> {
  const prototype = await seenIn(tx, userId, id);
  if (prototype.owner_id !== userId) {
    throw fail('permission.denied', { id }, 'Only the owner of a prototype may change it.');
  }
  return prototype;
}

export async function authoriseOwner(store: Store, userId: UserId, id: PrototypeId): Promise<void> {
  await withReadErrors(store.read({ label: 'prototype.authorise' }, (tx) => ownIn(tx, userId, id)));
}
