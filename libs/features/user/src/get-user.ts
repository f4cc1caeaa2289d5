import { type OtherUser, type ReadAs, type Reads, readUserFor, withReadErrors } from '@state-server/commit';
import { asRecorded, can, type UserId } from '@state-server/domain';
import type { Store, UserDoc } from '@state-server/persistence-port';
import { assertCan, fail } from '@state-server/protocol';

/** Throws `user.not_found`, also for one who is gone. */
export async function getUser(store: Store, userId: UserId): Promise<UserDoc> {
  return there(
    await withReadErrors(store.read({ label: 'user.get' }, (tx) => tx.get('users', [userId]))),
    userId,
  );
}

/** A user who is there. Throws `user.not_found`. */
export function there(user: UserDoc | undefined, id: UserId): UserDoc {
  if (!user || user.deleted_at !== undefined) throw fail('user.not_found', { id });
  return user;
}

/** How much of a user somebody may see. */
export type SeenUser =
  | { readonly as: 'self' | 'admin'; readonly user: UserDoc }
  | { readonly as: 'other'; readonly user: OtherUser };

/** Any user, one who is gone too, for whoever asks. Throws `user.not_found` for an id that no user ever had. */
export async function seeUser(store: Store, viewer: UserId, userId: UserId): Promise<SeenUser> {
  const [user, asking] = await withReadErrors(
    store.read({ label: 'user.see' }, (tx) => tx.getMany('users', [[userId], [viewer]])),
  );
  if (!user) throw fail('user.not_found', { id: userId });
  if (viewer === userId) return { as: 'self', user: there(user, userId) };
  return { as: seesAll(viewer, asking, userId) ? 'admin' : 'other', user };
}

/** The same for doors that only read: what others see is taken from the cache where that may be. */
export async function showUser(reads: Reads, { id, user_id, demand }: ReadAs<UserId>): Promise<SeenUser> {
  const asking =
    reads.cache && id !== user_id ? await readUserFor(reads, { id: user_id, demand }) : undefined;
  if (!asking || seesAll(user_id, asking, id)) return seeUser(reads.store, user_id, id);
  const user = await readUserFor(reads, { id, demand });
  if (!user) throw fail('user.not_found', { id });
  return { as: 'other', user };
}

type Recorded = Parameters<typeof asRecorded>[1];

/** Whether somebody may see what of another user is not public. */
function seesAll(viewer: UserId, asking: Recorded, userId: UserId): boolean {
  return can(asRecorded(viewer, asking), 'user.view_private', { id: userId }) === 'allowed';
}

/** Throws `permission.denied`. */
export async function assertAdmin(store: Store, userId: UserId): Promise<void> {
  const user = await withReadErrors(store.read({ label: 'user.get' }, (tx) => tx.get('users', [userId])));
  const message = 'Only administrators may do this.';
  assertCan(asRecorded(userId, user), 'server.administer', 'server', { message });
}
