import type { BraneMeta } from '../entities';
import type { UserId } from '../ids';
import { grantedRole, roleIn, type Standing } from '../roles';
import { type Actor, asUser, barTo, type Somebody } from './actor';
import { type Action, type KindOf, type ResourceKind, RIGHTS, type StandingIn } from './rights';

/** What of a resource decides who may do what with it. */
export interface Resources {
  readonly brane: BraneMeta;
  /** Roles by user id. */
  readonly company: { readonly members: Readonly<Record<string, StandingIn<'company'>>> };
  readonly prototype: { readonly owner_id: UserId; readonly is_public: boolean };
  readonly user: { readonly id: UserId };
  readonly server: 'server';
}

/**
 * `hidden`: he must not learn that it is there, so it is answered as what never was (404); `denied`: he may know of it, and
 * may not do this (403).
 */
export type Decision = 'allowed' | 'hidden' | 'denied';

type Standings = { readonly [Kind in ResourceKind]: StandingIn<Kind> | null };

/** What the actor is to a resource of the kind; null when he must not know of it, or it is not there. */
export function standingTo<Kind extends ResourceKind>(
  actor: Actor,
  kind: Kind,
  resource: Resources[Kind] | undefined,
): Standings[Kind] {
  const isSomebody = actor.kind !== 'anonymous' && actor.kind !== 'system';
  return resource !== undefined && isSomebody ? STANDING[kind](actor, resource) : null;
}

const STANDING: {
  readonly [Kind in ResourceKind]: (actor: Somebody, resource: Resources[Kind]) => Standings[Kind];
} = {
  brane: ({ user_id }, brane) => standingIn(brane, user_id),
  company: ({ user_id }, { members }) =>
    Object.hasOwn(members, user_id) ? (members[user_id] ?? null) : null,
  prototype: ({ user_id }, { owner_id, is_public }) =>
    owner_id === user_id ? 'owner' : is_public ? 'reader' : null,
  user: (actor, { id }) => (id === actor.user_id ? 'self' : isAdmin(actor) ? 'admin' : 'other'),
  server: (actor) => (isAdmin(actor) ? 'admin' : 'user'),
};

/** What a user is in a brane as it is now; of a deleted one its members alone know (SYNC L7). */
export function standingIn(brane: BraneMeta, userId: UserId): Standing | null {
  const role = roleIn(brane, userId);
  return role === 'guest' && brane.status !== 'live' ? null : role;
}

/** Administrators administer; in a brane, a company or with a prototype they are whatever anybody else would be. */
function isAdmin({ kind, roles }: Somebody): boolean {
  return kind === 'user' && roles?.includes('admin') === true;
}

type Listed = Readonly<Record<string, ReadonlySet<Action>>>;

function setsOf(standings: Readonly<Record<string, readonly Action[]>>): Listed {
  return Object.fromEntries(
    Object.entries(standings).map(([standing, actions]) => [standing, new Set(actions)]),
  );
}

const ALLOWED: Readonly<Record<ResourceKind, Listed>> = {
  brane: setsOf(RIGHTS.brane),
  company: setsOf(RIGHTS.company),
  prototype: setsOf(RIGHTS.prototype),
  user: setsOf(RIGHTS.user),
  server: setsOf(RIGHTS.server),
};

const KIND = new Map<Action, ResourceKind>();
for (const kind of Object.keys(RIGHTS) as ResourceKind[]) {
  for (const actions of Object.values(RIGHTS[kind]))
    for (const action of actions as Action[]) KIND.set(action, kind);
}

/**
 * Whether the actor may do this with the resource as it is now; undefined is one that is not there. The server's own work may
 * do whatever the rules of the resource allow.
 */
export function can<A extends Action>(
  actor: Actor,
  action: A,
  resource: Resources[KindOf<A>] | undefined,
): Decision {
  if (actor.kind === 'system') return resource === undefined ? 'hidden' : 'allowed';
  const kind = KIND.get(action) as KindOf<A>;
  const standing = standingTo(actor, kind, resource);
  if (standing === null) return 'hidden';
  return isListed(kind, standing, action) && barTo(actor, action) === null ? 'allowed' : 'denied';
}

function isListed(kind: ResourceKind, standing: string, action: Action): boolean {
  return ALLOWED[kind][standing]?.has(action) === true;
}

/** Whether he may kick, ban or mute that one: nobody himself, nobody an owner, and moderators no moderator. */
export function mayModerate(meta: BraneMeta, userId: UserId, target: UserId): boolean {
  const other = grantedRole(meta, target);
  if (userId === target || other === 'owner') return false;
  if (can(asUser(userId), 'brane.moderate', meta) !== 'allowed') return false;
  return other !== 'moderator' || roleIn(meta, userId) === 'owner';
}
