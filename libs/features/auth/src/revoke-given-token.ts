import { type AuditOrigin, recordAudit } from '@state-server/audit';
import type { UserId } from '@state-server/domain';
import {
  announceRevocation,
  endSession,
  type Identity,
  revokeToken,
  secretHash,
  type TokenVerifier,
} from '@state-server/identity';
import type { RevocationDoc, Transaction } from '@state-server/persistence-port';
import { StateError } from '@state-server/protocol';
import type { AuthDeps } from './auth-deps';

export interface RevokeGivenToken {
  /** An access token or a refresh token: whoever has it may end it. */
  readonly token: string;
  readonly origin?: AuditOrigin;
}

/**
 * Ends the token that is given (RFC 7009): an access token alone, everywhere within 2 s; with a refresh token its session.
 * What is no token, has expired or was ended is answered alike: there is nothing left to end.
 */
export async function revokeGivenToken(
  deps: AuthDeps & { readonly verifier: TokenVerifier },
  { token, origin }: RevokeGivenToken,
): Promise<void> {
  const { store, environment, bus, log, verifier } = deps;
  const now = environment.clock.now();
  const identity = token.includes('.') ? await identityOf(verifier, token) : undefined;
  const revocation = await store.transact({ label: 'auth.revoke' }, async (tx) => {
    const ended = identity ? ofAccessToken(tx, identity, now) : await ofRefreshToken(tx, token, now);
    if (!ended) return undefined;
    recordAudit(tx, {
      ...origin,
      action: identity ? 'auth.token_revoked' : 'auth.session_revoked',
      // Whoever has it.
      actor: { kind: identity?.kind ?? 'user' },
      target: { kind: 'user', id: ended.user_id },
      details: { [identity ? 'token_id' : 'session_id']: ended.revocation.value },
      at: now,
    });
    return ended.revocation;
  });
  if (!revocation) return;
  announceRevocation(bus, revocation);
  log.info('auth.token_revoked', { kind: revocation.kind, id: revocation.value });
}

interface Ended {
  readonly user_id: UserId;
  readonly revocation: RevocationDoc;
}

function ofAccessToken(tx: Transaction, identity: Identity, now: number): Ended {
  return { user_id: identity.user_id, revocation: revokeToken(tx, identity, now) };
}

async function ofRefreshToken(tx: Transaction, token: string, now: number): Promise<Ended | undefined> {
  const found = await tx.get('refresh_tokens', [secretHash(token)]);
  const session = found && (await tx.get('sessions', [found.session_id]));
  return session && { user_id: session.user_id, revocation: endSession(tx, session, now) };
}

/** Undefined for what is none, or is dead already. Throws what says nothing of the token. */
async function identityOf(verifier: TokenVerifier, token: string): Promise<Identity | undefined> {
  try {
    return await verifier.verify(token);
  } catch (error) {
    if (error instanceof StateError && error.status === 401) return undefined;
    throw error;
  }
}
