import { type BraneView, type ReadAs, readBrane, readBraneFor, type Reads } from '@state-server/commit';
import { asUser, type BraneId, type Role, standingIn, type UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { assertCan, fail } from '@state-server/protocol';

export interface FoundBrane extends BraneView {
  /** Of the one who asks. */
  readonly role: Role | 'guest';
}

/**
 * A live brane that the user may see. Whoever may not learns nothing of it: `brane.not_found`, as for one that never
 * was. A member of a deleted brane is told `brane.deleted`.
 */
export async function findBrane(store: Store, userId: UserId, id: BraneId): Promise<FoundBrane> {
  return asSeenBy(await readBrane(store, id), userId, id);
}

/** The same for doors that only read: from the cache where that may be; of its members only the one who asks is in it. */
export async function seeBrane(reads: Reads, asked: ReadAs<BraneId>): Promise<FoundBrane> {
  return asSeenBy(await readBraneFor(reads, asked), asked.user_id, asked.id);
}

/** A brane that may be deleted; then its members alone know of it. Throws `brane.not_found`. */
export async function findBraneOrDeleted(store: Store, userId: UserId, id: BraneId): Promise<FoundBrane> {
  const view = await readBrane(store, id);
  assertCan(asUser(userId), 'brane.view', view?.meta, { details: { id } });
  return withRole(view, userId);
}

/** What `findBrane` answers, for a brane that was read already. */
export function asSeenBy(view: BraneView | undefined, userId: UserId, id: BraneId): FoundBrane {
  assertCan(asUser(userId), 'brane.view', view?.meta, { details: { id } });
  if (view.meta.status !== 'live') throw fail('brane.deleted', { id });
  return withRole(view, userId);
}

/** For whoever just wrote to the brane: he may have put himself out of it, and sees what he did all the same. */
export function withRole(view: BraneView, userId: UserId): FoundBrane {
  return { ...view, role: standingIn(view.meta, userId) ?? 'guest' };
}
