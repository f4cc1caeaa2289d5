import type { AuditOrigin } from '@state-server/audit';
import {
  announceRevocation,
  assertNotSuspended,
  newSecret,
  rotateRefreshToken,
} from '@state-server/identity';
import { fail, type TokensResponse } from '@state-server/protocol';
import type { AuthDeps } from './auth-deps';
import { issueTokens } from './issue-tokens';

export interface RefreshSession {
  readonly refresh_token: string;
  readonly origin?: AuditOrigin;
  /** The Idempotency-Key. With it the same request may be sent again until its answer has come through. */
  readonly retry_key?: string;
}

/**
 * New tokens for a refresh token, which is used up by it. Throws `user.suspended`; `auth.refresh_invalid`; `auth.refresh_superseded` for
 * the slower of two who used it at the same time (the session lives); `auth.refresh_reused` for one that was used
 * before, after its session was ended for safety.
 */
export async function refreshSession(deps: AuthDeps, input: RefreshSession): Promise<TokensResponse> {
  const { store, environment, bus, log, tokens, lifetimes } = deps;
  const now = environment.clock.now();
  const next = newSecret();
  const rotation = await store.transact({ label: 'auth.refresh' }, (tx) =>
    rotateRefreshToken(tx, { ...input, next, now, ...(lifetimes && { lifetimes }) }),
  );
  switch (rotation.kind) {
    case 'rotated':
      return issueTokens(tokens, rotation.session, rotation.user, rotation.refresh_token);
    case 'superseded':
      throw fail('auth.refresh_superseded');
    case 'reused':
      announceRevocation(bus, rotation.revocation);
      log.warn('auth.refresh_reused', { session_id: rotation.revocation.value });
      throw fail('auth.refresh_reused');
    case 'suspended':
      assertNotSuspended(rotation.user, now);
      throw fail('auth.refresh_invalid');
    case 'invalid':
      throw fail('auth.refresh_invalid');
    default:
      return rotation satisfies never;
  }
}
