import { createHmac } from 'node:crypto';
import { type AuditOrigin, recordAudit } from '@state-server/audit';
import type {
  RefreshTokenDoc,
  RevocationDoc,
  SessionDoc,
  Transaction,
  UserDoc,
} from '@state-server/persistence-port';
import { guestEnd } from './guests';
import { toTime, TWIN_MS } from './identity';
import { secretHash } from './secret';
import { DEFAULT_LIFETIMES, type SessionLifetimes, sessionEnd } from './session-lifetimes';
import { endSession, putRefreshToken } from './sessions';
import { isSuspended } from './suspension';

/**
 * What became of an attempt to use a refresh token. It is a value and no error, because the answer to `reused` writes:
 * the session is ended with it.
 */
export type Rotation =
  | {
      readonly kind: 'rotated';
      readonly session: SessionDoc;
      readonly user: UserDoc;
      /** The token that works from now on. */
      readonly refresh_token: string;
    }
  /** Its twin, moments ago, got the new tokens; the session lives. */
  | { readonly kind: 'superseded' }
  /** Somebody else has it too. */
  | { readonly kind: 'reused'; readonly revocation: RevocationDoc }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'suspended'; readonly user: UserDoc };

export interface UseRefreshToken {
  readonly refresh_token: string;
  /** A fresh secret, made outside of the transaction. */
  readonly next: string;
  /** Ms since the epoch. */
  readonly now: number;
  /** From where it comes. The client is known again by what it calls itself, as far as that can be. */
  readonly origin?: AuditOrigin;
  /** The Idempotency-Key: whoever comes again with it and the same token is the one who lost the answer. */
  readonly retry_key?: string;
  readonly lifetimes?: SessionLifetimes;
}

/**
 * Uses a refresh token once and puts another in its place (ID3–ID5, ID12). It writes the token and the session, so it
 * conflicts with whoever uses the one or ends the other at the same time, and then sees what became of them (P1).
 */
export async function rotateRefreshToken(tx: Transaction, input: UseRefreshToken): Promise<Rotation> {
  const { now, origin } = input;
  const token = await tx.get('refresh_tokens', [secretHash(input.refresh_token)]);
  if (!token || token.expires_at <= toTime(now)) return { kind: 'invalid' };
  const [session, user] = await Promise.all([
    tx.get('sessions', [token.session_id]),
    tx.get('users', [token.user_id]),
  ]);
  if (!session || !user || user.deleted_at !== undefined) return { kind: 'invalid' };
  if (user.not_before !== undefined && session.created_at < user.not_before) return { kind: 'invalid' };
  if (isSuspended(user, now)) return { kind: 'suspended', user };
  // Neither his suspension nor his deletion comes between.
  tx.guard('users', [user.id]);
  if (token.used_at !== undefined) return usedBefore(tx, input, { token, session, user });
  const end = Math.min(sessionEnd(session, now, input.lifetimes ?? DEFAULT_LIFETIMES), guestEnd(user));
  if (end <= now) return { kind: 'invalid' };
  const { refresh_token, retry } = successorOf(input);
  const used: SessionDoc = {
    ...session,
    last_used_at: toTime(now),
    expires_at: toTime(end),
    ...(origin?.user_agent === undefined ? {} : { user_agent: origin.user_agent }),
    ...(origin?.address === undefined ? {} : { address: origin.address }),
  };
  tx.put('refresh_tokens', {
    ...token,
    used_at: toTime(now),
    used_by: clientOf(input),
    ...(retry && { retry }),
  });
  tx.put('sessions', used);
  putRefreshToken(tx, used, refresh_token, now);
  return { kind: 'rotated', session: used, user, refresh_token };
}

interface UsedBefore {
  readonly token: RefreshTokenDoc;
  readonly session: SessionDoc;
  readonly user: UserDoc;
}

/** The same use again, its twin, or a thief. */
async function usedBefore(
  tx: Transaction,
  input: UseRefreshToken,
  { token, session, user }: UsedBefore,
): Promise<Rotation> {
  const { retry, used_at = '', used_by } = token;
  if (retry && input.retry_key !== undefined && secretHash(input.retry_key) === retry.key) {
    const refresh_token = derive(input.refresh_token, input.retry_key, retry.salt);
    const successor = await tx.get('refresh_tokens', [secretHash(refresh_token)]);
    // He has had the answer after all, when he has used what stood in it.
    if (!successor || successor.used_at !== undefined) return { kind: 'superseded' };
    // Whoever ends the session or uses the successor at the same time comes first or second, but not between (P1).
    tx.guard('sessions', [session.id]);
    return { kind: 'rotated', session, user, refresh_token };
  }
  // Only the token before the present one has a twin; anything older was taken from somewhere.
  const isPrevious = used_at === session.last_used_at;
  const isSameClient = used_by === undefined || used_by === clientOf(input);
  if (isPrevious && isSameClient && input.now - Date.parse(used_at) <= TWIN_MS) return { kind: 'superseded' };
  recordAudit(tx, {
    ...input.origin,
    action: 'auth.refresh_reused',
    // Whoever has the token: the owner, or a thief.
    actor: { kind: 'user' },
    target: { kind: 'user', id: user.id },
    details: { session_id: session.id },
    at: input.now,
  });
  return { kind: 'reused', revocation: endSession(tx, session, input.now) };
}

/**
 * What is known of a client that shows a refresh token: what it calls itself. Its address is not part of it: within
 * seconds a telephone changes from one network to another, and tabs of one browser speak IPv4 and IPv6.
 */
function clientOf({ origin }: UseRefreshToken): string {
  return secretHash(origin?.user_agent ?? '');
}

/**
 * Without a key the successor is random. With one it is derived from the token, the key and a salt, so that the very same
 * request can be answered once more though the store has nothing but hashes: the salt alone, or the token alone, is
 * worth nothing.
 */
function successorOf({ refresh_token, retry_key, next }: UseRefreshToken): {
  readonly refresh_token: string;
  readonly retry?: NonNullable<RefreshTokenDoc['retry']>;
} {
  if (retry_key === undefined) return { refresh_token: next };
  return {
    refresh_token: derive(refresh_token, retry_key, next),
    retry: { key: secretHash(retry_key), salt: next },
  };
}

function derive(token: string, key: string, salt: string): string {
  return createHmac('sha256', token)
    .update(JSON.stringify(['refresh', key, salt]))
    .digest('base64url');
}
