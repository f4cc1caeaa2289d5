import { actorOf, type AuditOrigin, recordAudit } from '@state-server/audit';
import { announceRevocation, endSession, type Identity } from '@state-server/identity';
import type { AuthDeps } from './auth-deps';

/** Ends the session: refresh tokens at once, access tokens and sockets everywhere within 2 s. Doing it again changes nothing. */
export async function logOut(
  deps: AuthDeps,
  identity: Pick<Identity, 'session_id' | 'user_id' | 'kind'>,
  origin?: AuditOrigin,
): Promise<void> {
  const { store, environment, bus, log } = deps;
  const now = environment.clock.now();
  const revocation = await store.transact({ label: 'auth.log_out' }, async (tx) => {
    const session = await tx.get('sessions', [identity.session_id]);
    if (session) {
      recordAudit(tx, {
        ...origin,
        action: 'auth.signed_out',
        actor: actorOf(identity),
        target: { kind: 'user', id: identity.user_id },
        details: { session_id: identity.session_id },
        at: now,
      });
    }
    return endSession(tx, session ?? { id: identity.session_id }, now);
  });
  announceRevocation(bus, revocation);
  log.info('auth.logged_out', { user_id: identity.user_id, session_id: identity.session_id });
}
