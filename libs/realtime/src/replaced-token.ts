import { fail } from '@state-server/protocol';
import type { Identity } from './ports';

/**
 * Whether a token may take the place of the one that a session goes by: of the same user, and good for no less. Throws
 * `session.refresh_refused`, which says what is wrong; the session goes on with what it has.
 */
export function assertReplaces(before: Identity, next: Identity): void {
  if (next.user_id !== before.user_id) {
    throw fail('session.refresh_refused', { why: 'user' }, 'The token is of another user.');
  }
  const { scopes } = next;
  if (scopes === undefined) return;
  const narrower = before.scopes?.every((scope) => scopes.includes(scope)) !== true;
  if (narrower) {
    throw fail(
      'session.refresh_refused',
      { why: 'scopes' },
      'The token may be used for less than the session.',
    );
  }
}
