import { type AuditOrigin, recordAudit } from '@state-server/audit';
import { asSessionId, type SessionId, type UserId } from '@state-server/domain';
import type { RevocationDoc, SessionDoc, Transaction, UserDoc } from '@state-server/persistence-port';
import { ACCESS_TOKEN_MS, REFRESH_TOKEN_MS, REVOCATION_MARGIN_MS, toTime, TWIN_MS } from './identity';
import { secretHash } from './secret';
import { assertNotSuspended, isSuspended } from './suspension';

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
  readonly origin?: AuditOrigin;
}

/**
 * A session with its first refresh token: every way to sign in comes through here. Guards the user's record, so that nobody
 * gets in beside his suspension or deletion (P1). Throws `user.suspended`.
 */
export function openSession(tx: Transaction, input: OpenSession): SessionDoc {
  const { session_id, user, refresh_token, now, user_agent, provider, origin } = input;
  const user_id = user.id;
  assertNotSuspended(user, now);
  tx.guard('users', [user_id]);
  const session: SessionDoc = {
    id: asSessionId(session_id),
    user_id,
    created_at: toTime(now),
    last_used_at: toTime(now),
    expires_at: toTime(now + REFRESH_TOKEN_MS),
    ...(user_agent === undefined ? {} : { user_agent: user_agent.slice(0, 200) }),
  };
  tx.put('sessions', session);
  putRefreshToken(tx, session, refresh_token, now);
  recordAudit(tx, {
    ...origin,
    action: 'auth.signed_in',
    actor: { kind: 'user', id: user_id },
    target: { kind: 'user', id: user_id },
    details: { provider, session_id },
    at: now,
  });
  return session;
}

/**
 * What became of an attempt to use a refresh token. It is a value and no error, because the answer to `reused` writes:
 * the session is ended with it.
 */
export type Rotation =
  | { readonly kind: 'rotated'; readonly session: SessionDoc; readonly user: UserDoc }
  /** Its twin, moments ago, got the new tokens; the session lives. */
  | { readonly kind: 'superseded' }
  /** Somebody else has it too. */
  | { readonly kind: 'reused'; readonly revocation: RevocationDoc }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'suspended'; readonly user: UserDoc };

/**
 * Uses a refresh token once and puts `next` in its place (ID3–ID5). It writes the token and the session, so it conflicts
 * with whoever uses the one or ends the other at the same time, and then sees what became of them (P1).
 */
export async function rotateRefreshToken(
  tx: Transaction,
  input: {
    readonly refresh_token: string;
    readonly next: string;
    readonly now: number;
    readonly origin?: AuditOrigin;
  },
): Promise<Rotation> {
  const { now } = input;
  const hash = secretHash(input.refresh_token);
  const token = await tx.get('refresh_tokens', [hash]);
  if (!token || token.expires_at <= toTime(now)) return { kind: 'invalid' };
  const [session, user] = await Promise.all([
    tx.get('sessions', [token.session_id]),
    tx.get('users', [token.user_id]),
  ]);
  if (!session || !user || user.deleted_at !== undefined) return { kind: 'invalid' };
  if (isSuspended(user, now)) return { kind: 'suspended', user };
  // Neither his suspension nor his deletion comes between.
  tx.guard('users', [user.id]);
  if (token.used_at !== undefined) {
    // Only the token before the present one has a twin; anything older was taken from somewhere.
    const isTwin = token.used_at === session.last_used_at && now - Date.parse(token.used_at) <= TWIN_MS;
    if (isTwin) return { kind: 'superseded' };
    recordAudit(tx, {
      ...input.origin,
      action: 'auth.refresh_reused',
      // Whoever has the token: the owner, or a thief.
      actor: { kind: 'user' },
      target: { kind: 'user', id: user.id },
      details: { session_id: session.id },
      at: now,
    });
    return { kind: 'reused', revocation: endSession(tx, session, now) };
  }
  const used: SessionDoc = {
    ...session,
    last_used_at: toTime(now),
    expires_at: toTime(now + REFRESH_TOKEN_MS),
  };
  tx.put('refresh_tokens', { ...token, used_at: toTime(now) });
  tx.put('sessions', used);
  putRefreshToken(tx, used, input.next, now);
  return { kind: 'rotated', session: used, user };
}

/**
 * Ends a session: its refresh tokens are dead with its record, its access tokens by the revocation, which is to be
 * announced after commit. Ending what has ended writes the same again.
 */
export function endSession(tx: Transaction, session: { readonly id: SessionId }, now: number): RevocationDoc {
  const revocation: RevocationDoc = {
    kind: 'session',
    value: session.id,
    at: toTime(now),
    expires_at: toTime(now + ACCESS_TOKEN_MS + REVOCATION_MARGIN_MS),
  };
  tx.delete('sessions', [session.id]);
  tx.put('revocations', revocation);
  return revocation;
}

/** Sessions that one transaction ends. */
const SESSIONS_AT_ONCE = 200;

/**
 * Ends all that a user is signed in with: his access tokens by one revocation, and up to 200 of his sessions. What is left
 * (`more`) is of no use to him once his record says that he is suspended or gone. Announce the revocations after commit.
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
    expires_at: toTime(now + ACCESS_TOKEN_MS + REVOCATION_MARGIN_MS),
  };
  tx.put('revocations', everything);
  // A token of one of these may be signed a moment after this commit: it ends with its session.
  const ended = sessions.slice(0, SESSIONS_AT_ONCE).map((session) => endSession(tx, session, now));
  return { revocations: [everything, ...ended], more: sessions.length > SESSIONS_AT_ONCE };
}

function putRefreshToken(tx: Transaction, session: SessionDoc, token: string, now: number): void {
  tx.put('refresh_tokens', {
    hash: secretHash(token),
    session_id: session.id,
    user_id: session.user_id,
    issued_at: toTime(now),
    expires_at: toTime(now + REFRESH_TOKEN_MS),
  });
}
