import type { BraneMeta, Role } from './entities';
import type { UserId } from './ids';

/** A member's role, or `guest`: whoever may view through the brane's visibility alone. */
export type Standing = Role | 'guest';

export type Action = 'view' | 'edit' | 'undo' | 'manage_members' | 'configure' | 'delete_brane';

const RIGHTS: Readonly<Record<Standing, readonly Action[]>> = {
  owner: ['view', 'edit', 'undo', 'manage_members', 'configure', 'delete_brane'],
  editor: ['view', 'edit', 'undo'],
  viewer: ['view'],
  guest: ['view'],
};

/** What the user is in the brane; null when he may not even see it. A user who is not known is passed as null. */
export function roleIn(meta: BraneMeta, userId: UserId | null): Standing | null {
  const role = userId !== null && Object.hasOwn(meta.members, userId) ? meta.members[userId] : undefined;
  return role ?? (meta.visibility === 'private' ? null : 'guest');
}

export function can(standing: Standing | null, action: Action): boolean {
  return standing !== null && RIGHTS[standing].includes(action);
}
