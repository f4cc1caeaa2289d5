import { withReadErrors } from '@state-server/commit';
import type { UserId } from '@state-server/domain';
import type { Store, UserDoc } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';

/** Throws `user.not_found`. */
export async function getUser(store: Store, userId: UserId): Promise<UserDoc> {
  const user = await withReadErrors(store.read({ label: 'user.get' }, (tx) => tx.get('users', [userId])));
  if (!user) throw fail('user.not_found', { id: userId });
  return user;
}
