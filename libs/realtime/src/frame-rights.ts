import type { Action, IdentityKind, Scope } from '@state-server/domain';
import { assertMayEver, type ClientFrame } from '@state-server/protocol';
import type { Identity } from './ports';

/** What each frame does; null: it concerns the session alone (AUTHZ-5). The rights in the brane are the committer's to see. */
export const FRAME_ACTIONS: Readonly<Record<ClientFrame['type'], Action | null>> = {
  'session.hello': null,
  'session.refresh': null,
  'system.ping': null,
  'brane.join': 'brane.view',
  'brane.leave': null,
  'brane.interest': 'brane.view',
  'brane.edit': 'brane.edit',
  'brane.undo': 'brane.undo',
  'brane.redo': 'brane.undo',
  'presence.set': 'brane.view',
  'action.invoke': 'brane.edit',
};

/** Refuses what the token was not issued for. Throws `permission.scope_missing`, `permission.denied`. */
export function assertMayFrame(
  { user_id, kind = 'user', scopes }: Pick<Identity, 'user_id'> & FrameIdentity,
  type: ClientFrame['type'],
): void {
  const action = FRAME_ACTIONS[type];
  if (scopes === undefined && kind === 'user') return;
  if (action !== null) assertMayEver({ kind, user_id, scopes }, action);
}

interface FrameIdentity {
  readonly kind?: IdentityKind;
  readonly scopes?: readonly Scope[];
}
