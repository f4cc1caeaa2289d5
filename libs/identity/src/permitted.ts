import { actionsOf, assertMayEver, type Route } from '@state-server/protocol';
import type { Identity } from './identity';

/**
 * Whether this kind of caller, with the scopes that he has, may ever do what the route is for (AUTHZ-4). Nothing is looked up,
 * so what he is told is the same for what there is and what there is not. Throws `permission.scope_missing`, `permission.denied`.
 */
export function assertPermitted(identity: Identity, route: Route | undefined): void {
  if (route === undefined) return;
  // Nearly everybody is a user with all that he may do.
  if (identity.kind === 'user' && identity.scopes === undefined) return;
  for (const action of actionsOf(route)) assertMayEver(identity, action);
}
