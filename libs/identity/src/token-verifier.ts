import { createHash } from 'node:crypto';
import { asSessionId, asUserId, type Environment, isUuid } from '@state-server/domain';
import { fail, StateError } from '@state-server/protocol';
import { type CryptoKey, errors, jwtVerify, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import { TOKEN_ALGORITHM, TOKEN_TYPE } from './access-token';
import type { Identity } from './identity';
import type { KeySource } from './key-source';
import type { Revocations } from './revocations';

export interface TokenVerifier {
  /** Throws `auth.invalid_token`, `auth.expired`, `auth.revoked`, `clock.skew`, `dependency.unavailable`. */
  verify(token: string): Promise<Identity>;
  /** Whether an identity that `verify` gave is still good. Throws `auth.expired`, `auth.revoked`, `dependency.unavailable`. */
  assertAlive(identity: Identity): void;
}

export interface TokenVerifierOptions {
  readonly keys: KeySource;
  readonly revocations: Revocations;
  readonly issuer: string;
  readonly audience: string;
  readonly environment: Pick<Environment, 'clock'>;
  /** A genuine token comes from our future: the clock of the auth service is ahead of ours by so many ms. */
  readonly onClockSkew?: (aheadMs: number) => void;
  /** Tokens whose signature need not be checked again; default 20,000. */
  readonly cacheSize?: number;
}

const MAX_TOKEN_CHARS = 4_096;
const MAX_KID_CHARS = 200;
/** How far the clock of the auth service may be ahead, ms. Beyond it the token is as genuine as ever, but who can say when it ends? */
const AHEAD_MS = 60_000;
/** A revocation must have been looked for within this time, or nothing is answered as if it had been (SYNC F2). */
const MAX_STALE_MS = 5_000;

/**
 * Checks access tokens: EdDSA alone, our issuer, audience and type, not expired, not revoked. A signature is checked once
 * (124 µs) and remembered under the token's digest; expiry and revocation are looked at every time.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const seen = new LRUCache<string, Identity>({ max: options.cacheSize ?? 20_000 });
  return {
    assertAlive: (identity) => assertAlive(options, identity),
    verify: async (token) => {
      if (token.length > MAX_TOKEN_CHARS) throw fail('auth.invalid_token');
      const digest = createHash('sha256').update(token).digest('base64');
      const known = seen.get(digest);
      const identity = known ?? (await checkToken(options, token));
      assertAlive(options, identity);
      if (!known) seen.set(digest, identity);
      return identity;
    },
  };
}

function assertAlive({ environment, revocations }: TokenVerifierOptions, identity: Identity): void {
  if (environment.clock.now() >= identity.expires_at) throw fail('auth.expired');
  if (revocations.isRevoked(identity)) throw fail('auth.revoked');
  if (revocations.staleMs() > MAX_STALE_MS) throw fail('dependency.unavailable');
}

async function checkToken(options: TokenVerifierOptions, token: string): Promise<Identity> {
  const { keys, issuer, audience, environment } = options;
  const find = async ({ kid }: { kid?: string }): Promise<CryptoKey> => {
    const named = kid !== undefined && kid.length <= MAX_KID_CHARS ? await keys.find(kid) : undefined;
    if (!named) throw fail('auth.invalid_token');
    return named;
  };
  try {
    const { payload } = await jwtVerify(token, find, {
      algorithms: [TOKEN_ALGORITHM],
      issuer,
      audience,
      typ: TOKEN_TYPE,
      currentDate: new Date(environment.clock.now()),
      requiredClaims: ['sub', 'sid', 'jti', 'iat', 'exp'],
    });
    return toIdentity(payload, options);
  } catch (error) {
    if (error instanceof StateError) throw error;
    const code = error instanceof errors.JWTExpired ? 'auth.expired' : 'auth.invalid_token';
    throw fail(code, undefined, undefined, { cause: error });
  }
}

function toIdentity(claims: JWTPayload, { environment, onClockSkew }: TokenVerifierOptions): Identity {
  const { sub, jti, iat, exp, sid, name } = claims;
  const complete =
    isUuid(sub) && isUuid(sid) && typeof jti === 'string' && iat !== undefined && exp !== undefined;
  if (!complete) throw fail('auth.invalid_token');
  const aheadMs = iat * 1_000 - environment.clock.now();
  if (aheadMs > AHEAD_MS) {
    onClockSkew?.(aheadMs);
    throw fail('clock.skew', { ahead_seconds: Math.round(aheadMs / 1_000) });
  }
  return Object.freeze({
    user_id: asUserId(sub),
    kind: 'user',
    session_id: asSessionId(sid),
    token_id: jti,
    name: typeof name === 'string' ? name : '',
    issued_at: iat * 1_000,
    expires_at: exp * 1_000,
  });
}
