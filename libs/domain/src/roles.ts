import type { BraneMeta, Restrictions, Role } from './entities';
import type { UserId } from './ids';

/** A member's role, or `guest`: whoever may view through the brane's visibility alone. What each may do: RIGHTS. */
export type Standing = Role | 'guest';

/** What the user was made in the brane, by itself or by its company, whichever is more, whatever moderation says of him; null: nothing, and it is private. */
export function grantedRole(meta: BraneMeta, userId: UserId | null): Standing | null {
  const own = roleOf(meta.members, userId);
  const inherited = meta.company ? roleOf(meta.company.members, userId) : undefined;
  const role = own && inherited ? greaterRole(own, inherited) : (own ?? inherited);
  return role ?? (meta.visibility === 'private' ? null : 'guest');
}

function roleOf(members: BraneMeta['members'], userId: UserId | null): Role | undefined {
  return userId !== null && Object.hasOwn(members, userId) ? members[userId] : undefined;
}

const BY_RIGHTS: readonly Role[] = ['viewer', 'editor', 'moderator', 'owner'];

/** The one that may do more. */
export function greaterRole(one: Role, other: Role): Role {
  return BY_RIGHTS.indexOf(one) >= BY_RIGHTS.indexOf(other) ? one : other;
}

/**
 * What the user is in the brane; null when he may not even see it, as when he is banned. Who is muted is a viewer at most.
 * An owner is neither. A user who is not known is passed as null.
 */
export function roleIn(meta: BraneMeta, userId: UserId | null): Standing | null {
  const role = grantedRole(meta, userId);
  if (role === null || role === 'owner' || userId === null) return role;
  if (isRestricted(meta.bans, userId)) return null;
  return isMuted(meta, userId) && role !== 'guest' ? 'viewer' : role;
}

/** Whether he may only look: neither edit nor show himself. */
export function isMuted(meta: Pick<BraneMeta, 'mutes'>, userId: UserId): boolean {
  return isRestricted(meta.mutes, userId);
}

function isRestricted(restrictions: Restrictions | undefined, userId: UserId): boolean {
  return restrictions !== undefined && Object.hasOwn(restrictions, userId);
}
