import { withReadErrors } from '@state-server/commit';
import { type ActionOn, asUser, type PrototypeId, type UserId } from '@state-server/domain';
import type { PrototypeDoc, ReadTransaction, Store } from '@state-server/persistence-port';
import { assertCan, fail } from '@state-server/protocol';

/**
 * A prototype that the user may see. Throws `prototype.not_found` for whoever may not know of it, `prototype.deleted` for
 * whoever could have.
 */
export async function findPrototype(store: Store, userId: UserId, id: PrototypeId): Promise<PrototypeDoc> {
  return withReadErrors(store.read({ label: 'prototype.find' }, (tx) => seenIn(tx, userId, id)));
}

export async function seenIn(tx: ReadTransaction, userId: UserId, id: PrototypeId): Promise<PrototypeDoc> {
  const prototype = await knownIn(tx, userId, id);
  if (prototype.is_deleted) throw fail('prototype.deleted', { id });
  return prototype;
}

async function knownIn(tx: ReadTransaction, userId: UserId, id: PrototypeId): Promise<PrototypeDoc> {
  const prototype = await tx.get('prototypes', [id]);
  assertCan(asUser(userId), 'prototype.view', prototype, { details: { id } });
  return prototype;
}

/** The same, when it is the user's own. Throws `permission.denied` besides. */
export async function ownIn(tx: ReadTransaction, userId: UserId, id: PrototypeId): Promise<PrototypeDoc> {
  return asOwn(await seenIn(tx, userId, id), userId);
}

function asOwn(
  prototype: PrototypeDoc,
  userId: UserId,
  action: ActionOn<'prototype'> = 'prototype.change',
): PrototypeDoc {
  const details = { id: prototype.id };
  assertCan(asUser(userId), action, prototype, {
    details,
    message: 'Only the owner of a prototype may change it.',
  });
  return prototype;
}

export async function authoriseOwner(store: Store, userId: UserId, id: PrototypeId): Promise<void> {
  await withReadErrors(store.read({ label: 'prototype.authorise' }, (tx) => ownIn(tx, userId, id)));
}

/** The same, deleted by now or not: what is replayed may be the answer to its deletion (SYNC I5). */
export async function authoriseReplay(store: Store, userId: UserId, id: PrototypeId): Promise<void> {
  await withReadErrors(
    store.read({ label: 'prototype.authorise' }, async (tx) => asOwn(await knownIn(tx, userId, id), userId)),
  );
}
