import type { UserId } from '@state-server/domain';
import { callerOf } from '@state-server/identity';
import type { Store } from '@state-server/persistence-port';
import type { RestRequest } from '@state-server/platform';
import { fail } from '@state-server/protocol';
import { getUser, seeUser } from './get-user';

/** Whom a path names: `me` is the caller. */
export function namedUser(request: RestRequest, id: UserId | 'me'): UserId {
  return id === 'me' ? callerOf(request).user_id : id;
}

/** That it is the caller himself. Throws `user.not_found`, `permission.denied`. */
export async function assertSelf(store: Store, request: RestRequest, id: UserId | 'me'): Promise<void> {
  const { user_id } = callerOf(request);
  const named = namedUser(request, id);
  if (named === user_id) return;
  await seeUser(store, user_id, named);
  throw fail('permission.denied', undefined, 'This is for the user himself.');
}

/** The same, and that he is there. */
export async function assertSelfThere(store: Store, request: RestRequest, id: UserId | 'me'): Promise<void> {
  await assertSelf(store, request, id);
  await getUser(store, callerOf(request).user_id);
}
