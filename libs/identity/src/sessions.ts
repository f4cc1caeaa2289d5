import { type AuditOrigin, recordAudit } from '@state-server/audit';
import { asSessionId, type UserId } from '@state-server/domain';
import type { RevocationDoc, SessionDoc, Transaction, UserDoc } from '@state-server/persistence-port';
import { ACCESS_TOKEN_MS, LONGEST_TOKEN_MS, REVOCATION_MARGIN_MS, toTime } from './identity';
import { guestEnd } from './guests';
import { secretHash } from './secret';
import { DEFAULT_LIFETIMES, sessionEnd, type SessionLifetimes } from './session-lifetimes';
import { assertNotSuspended } from './suspension';

export interface OpenSession {
  readonly session_id: string;
  /** As he was read, or is written, in this transaction. */
  readonly user: UserDoc;
  /** A fresh secret, made outside of the transaction. */
  readonly refresh_token: string;
  /** Ms since the epoch. */
  readonly now: number;
  readonly user_agent?: string;
  /** Which way he came: `dev`, `google`, … Goes into the audit log. */
  readonly provider: string;
  /** From where he comes; the address is kept with the session. */
  readonly origin?: AuditOrigin;
  /** Default: 30 days unused, 90 days at all. */
  readonly lifetimes?: SessionLifetimes;
}

/**
 * A session with its first refresh token: every way to sign in comes through here. Guards the user's record, so that nobody
 * gets in beside his suspension or deletion (P1). Throws `user.suspended`.
 */
export function openSession(tx: Transaction, input: OpenSession): SessionDoc {
  const { session_id, user, refresh_token, now, provider, origin, lifetimes = DEFAULT_LIFETIMES } = input;
  assertNotSuspended(user, now);
  tx.guard('users', [user.id]);
  const created_at = toTime(now);
  const user_agent = input.user_agent ?? origin?.user_agent;
  const session: SessionDoc = {
    id: asSessionId(session_id),
    user_id: user.id,
    created_at,
    last_used_at: created_at,
    expires_at: toTime(Math.min(sessionEnd({ created_at }, now, lifetimes), guestEnd(user))),
    ...(user_agent === undefined ? {} : { user_agent: user_agent.slice(0, 200) }),
    ...(origin?.address === undefined ? {} : { address: origin.address }),
  };
  tx.put('sessions', session);
  putRefreshToken(tx, session, refresh_token, now);
  recordAudit(tx, {
    ...origin,
    action: 'auth.signed_in',
    actor: { kind: 'user', id: user.id },
    target: { kind: 'user', id: user.id },
    details: { provider, session_id },
    at: now,
  });
  return session;
}

/**
 * Ends a session: its refresh tokens are dead with its record, its access tokens by the revocation, which is to be
 * announced after commit. Ending what has ended writes the same again.
 */
export function endSession(
  tx: Transaction,
  session: Pick<SessionDoc, 'id'> & Partial<Pick<SessionDoc, 'issuer' | 'expires_at'>>,
  now: number,
): RevocationDoc {
  // Of an outside issuer the session is known to end with its last token, which may live longer than ours do.
  const tokensEnd = session.issuer === undefined ? 0 : Date.parse(session.expires_at ?? '') || 0;
  const revocation: RevocationDoc = {
    kind: 'session',
    value: session.id,
    at: toTime(now),
    expires_at: toTime(Math.max(now + ACCESS_TOKEN_MS, tokensEnd) + REVOCATION_MARGIN_MS),
  };
  tx.delete('sessions', [session.id]);
  tx.put('revocations', revocation);
  return revocation;
}

/** Ends one access token before its time, and nothing else. To be announced after commit. */
export function revokeToken(
  tx: Transaction,
  token: { readonly token_id: string; /** Ms since the epoch. */ readonly expires_at: number },
  now: number,
): RevocationDoc {
  const revocation: RevocationDoc = {
    kind: 'token',
    value: token.token_id,
    at: toTime(now),
    expires_at: toTime(token.expires_at + REVOCATION_MARGIN_MS),
  };
  tx.put('revocations', revocation);
  return revocation;
}

/** Sessions that one transaction ends. */
const SESSIONS_AT_ONCE = 200;

/**
 * Ends all that a user is signed in with: his access tokens by one revocation, and up to 200 of his sessions. What is left
 * (`more`) is of no use to him once his record says that he is suspended or gone, or has `not_before`. Announce the
 * revocations after commit.
 */
export async function endSessionsOf(
  tx: Transaction,
  userId: UserId,
  now: number,
): Promise<{ readonly revocations: readonly RevocationDoc[]; readonly more: boolean }> {
  const sessions = await tx.range('sessions', {
    index: 'by_user',
    prefix: [userId],
    limit: SESSIONS_AT_ONCE + 1,
  });
  const everything: RevocationDoc = {
    kind: 'user',
    value: userId,
    at: toTime(now),
    not_before: toTime(now),
    expires_at: toTime(now + LONGEST_TOKEN_MS + REVOCATION_MARGIN_MS),
  };
  tx.put('revocations', everything);
  // A token of one of these may be signed a moment after this commit: it ends with its session.
  const ended = sessions.slice(0, SESSIONS_AT_ONCE).map((session) => endSession(tx, session, now));
  return { revocations: [everything, ...ended], more: sessions.length > SESSIONS_AT_ONCE };
}

/** The first token of a session, or the next one. */
export function putRefreshToken(tx: Transaction, session: SessionDoc, token: string, now: number): void {
  tx.put('refresh_tokens', {
    hash: secretHash(token),
    session_id: session.id,
    user_id: session.user_id,
    issued_at: toTime(now),
    expires_at: session.expires_at,
  });
}
