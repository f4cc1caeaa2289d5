import type { UserId } from '../ids';
import { hasScope, type IdentityKind, type Scope } from '../scopes';
import type { Action } from './rights';
import { SCOPE_OF } from './scopes';

/** Somebody with a record of his own: a person, a person without an account, or a program that acts for one. */
export interface Somebody {
  readonly kind: IdentityKind;
  readonly user_id: UserId;
  /** What the token or key was issued for; absent: whatever its holder may do. */
  readonly scopes?: readonly Scope[] | undefined;
  /** Of the user's record; absent where nothing is asked that only an administrator may do. */
  readonly roles?: readonly string[] | undefined;
  readonly is_suspended?: boolean | undefined;
}

/** Whoever wants something. `system`: the server's own periodic work. */
export type Actor = { readonly kind: 'anonymous' } | { readonly kind: 'system' } | Somebody;

export const ANONYMOUS: Actor = { kind: 'anonymous' };
export const SYSTEM: Actor = { kind: 'system' };

/**
 * The user, where what his token allows has been looked at already: guards hold kind and scopes against the action of each
 * route and frame before anything else runs.
 */
export function asUser(user_id: UserId): Somebody {
  return { kind: 'user', user_id };
}

/** The user of a record, as it is now, where it matters what is said of him there. Of one who is gone nothing is left. */
export function asRecorded(
  user_id: UserId,
  user: { readonly roles: readonly string[]; readonly deleted_at?: string | undefined } | undefined,
): Somebody {
  return { kind: 'user', user_id, roles: user?.deleted_at === undefined ? (user?.roles ?? []) : [] };
}

/** What stands against an action whatever it is done to; null where nothing does. */
export type Bar =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'suspended' }
  /** It takes an account. */
  | { readonly kind: 'guest' }
  /** Null: no scope allows it. */
  | { readonly kind: 'scope'; readonly scope: Scope | null };

/** What somebody without an account may do, where he was let in. */
const GUEST: ReadonlySet<Action> = new Set<Action>([
  'brane.view',
  'brane.view_work',
  'brane.edit',
  'brane.undo',
  'brane.leave',
  'prototype.view',
  'prototype.use',
  'user.view',
  'user.view_private',
  'user.change',
  'user.delete',
  'user.view_inventory',
  'server.session',
  'server.account',
  'server.connect',
  'server.list_branes',
  'server.list_prototypes',
  'server.measure',
]);

/** Whether this actor may ever do this; it tells nothing of any resource, so it can be answered before one is looked at. */
export function barTo(actor: Actor, action: Action): Bar | null {
  if (actor.kind === 'system') return null;
  if (actor.kind === 'anonymous') return { kind: 'anonymous' };
  if (actor.is_suspended === true) return { kind: 'suspended' };
  if (actor.kind === 'guest' && !GUEST.has(action)) return { kind: 'guest' };
  const scope = SCOPE_OF[action];
  if (scope === 'any') return null;
  if (scope === 'none') {
    // A key without scopes is still no person.
    return actor.scopes !== undefined || actor.kind === 'service' ? { kind: 'scope', scope: null } : null;
  }
  return hasScope(actor.scopes, scope) ? null : { kind: 'scope', scope };
}
