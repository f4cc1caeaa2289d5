import { createHash } from 'node:crypto';
import { asBraneId, asSessionId, asUserId, type Environment, isUuid } from '@state-server/domain';
import { fail, StateError } from '@state-server/protocol';
import { type CryptoKey, errors, jwtVerify, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import { TOKEN_ALGORITHM, TOKEN_TYPE } from './access-token';
import type { Identity } from './identity';
import type { KeySource } from './key-source';
import type { Revocations } from './revocations';
import { isServiceKey } from './service-key';
import type { KeyUse, ServiceKeys } from './service-keys';
import { MAX_TOKEN_CHARS, readTokenParts, type TokenParts } from './token-parts';
import type { TokenAlgorithm, TrustedIssuer } from './trusted-issuer';

export interface TokenVerifier {
  /** An access token, or a key of a service account. Throws `auth.invalid_token`, `auth.expired`, `auth.revoked`, `clock.skew`, `dependency.unavailable`. */
  verify(token: string, from?: KeyUse): Promise<Identity>;
  /** Whether an identity that `verify` gave is still good. Throws `auth.expired`, `auth.revoked`, `dependency.unavailable`. */
  assertAlive(identity: Identity): void;
}

export interface TokenVerifierOptions {
  readonly keys: KeySource;
  readonly revocations: Revocations;
  readonly issuer: string;
  readonly audience: string;
  readonly environment: Pick<Environment, 'clock'>;
  /** Without it no key of a service account is good. */
  readonly serviceKeys?: ServiceKeys;
  /** Whose tokens are good besides our own. */
  readonly others?: readonly TrustedIssuer[];
  /** A genuine token comes from our future: the clock of the auth service is ahead of ours by so many ms. */
  readonly onClockSkew?: (aheadMs: number) => void;
  /** Tokens whose signature need not be checked again; default 20,000. */
  readonly cacheSize?: number;
}

const MAX_KID_CHARS = 200;
/** How far the clock of the auth service may be ahead, ms. Beyond it the token is as genuine as ever, but who can say when it ends? */
const AHEAD_MS = 60_000;
/** A revocation must have been looked for within this time, or nothing is answered as if it had been (SYNC F2). */
const MAX_STALE_MS = 5_000;

/** A signature is checked again after this time, ms: its key may have been withdrawn meanwhile, and with it all that it signed. */
const REMEMBERED_MS = 60_000;

/**
 * Checks access tokens: of an issuer that we trust, with an algorithm and a key of his, our audience, his type, not expired,
 * not revoked (RFC 8725). A signature is checked (124 µs) and remembered for a minute under the token's digest; expiry and
 * revocation are looked at every time.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { clock } = options.environment;
  const seen = new LRUCache<string, Checked>({ max: options.cacheSize ?? 20_000 });
  const issuers = [ourselves(options), ...(options.others ?? [])];
  return {
    assertAlive: (identity) => assertAlive(options, identity),
    verify: async (token, from) => {
      if (options.serviceKeys && isServiceKey(token)) {
        const service = await options.serviceKeys.verify(token, from);
        assertAlive(options, service);
        return service;
      }
      if (token.length > MAX_TOKEN_CHARS) throw fail('auth.invalid_token');
      const digest = createHash('sha256').update(token).digest('base64');
      const known = seen.get(digest);
      if (known && clock.monotonic() - known.at < REMEMBERED_MS) {
        assertAlive(options, known.identity);
        return known.identity;
      }
      const identity = await checkToken(options, issuers, { token, digest });
      assertAlive(options, identity);
      seen.set(digest, { identity, at: clock.monotonic() });
      return identity;
    },
  };
}

/** Whose token it is, and when (ms, monotonic) its signature was looked at. */
interface Checked {
  readonly identity: Identity;
  readonly at: number;
}

function assertAlive({ environment, revocations }: TokenVerifierOptions, identity: Identity): void {
  if (environment.clock.now() >= identity.expires_at) throw fail('auth.expired');
  if (revocations.isRevoked(identity)) throw fail('auth.revoked');
  if (revocations.staleMs() > MAX_STALE_MS) throw fail('dependency.unavailable');
}

async function checkToken(
  options: TokenVerifierOptions,
  issuers: readonly TrustedIssuer[],
  { token, digest }: { readonly token: string; readonly digest: string },
): Promise<Identity> {
  const { environment } = options;
  const { trusted, algorithm, kid } = choose(issuers, readTokenParts(token));
  const key = await trusted.findKey(kid, algorithm);
  if (!key) throw fail('auth.invalid_token');
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [algorithm],
      issuer: trusted.issuer,
      audience: trusted.audience,
      currentDate: new Date(environment.clock.now()),
      clockTolerance: trusted.toleranceSeconds,
      requiredClaims: [...trusted.requiredClaims, 'iat', 'exp'],
    });
    assertNotAhead(payload, options);
    return await trusted.identify(payload, { digest });
  } catch (error) {
    if (error instanceof StateError) throw error;
    const code = error instanceof errors.JWTExpired ? 'auth.expired' : 'auth.invalid_token';
    throw fail(code, undefined, undefined, { cause: error });
  }
}

interface Chosen {
  readonly trusted: TrustedIssuer;
  readonly algorithm: TokenAlgorithm;
  readonly kid: string | undefined;
}

/**
 * Issuer and algorithm together name whose keys are asked: keys of one are never tried on tokens of another, and a secret
 * is never tried on a token that says it was signed by a key pair, nor the other way round.
 */
function choose(issuers: readonly TrustedIssuer[], { header, claims }: TokenParts): Chosen {
  const { alg, kid, typ } = header;
  for (const trusted of issuers) {
    const algorithm = trusted.algorithms.find((known) => known === alg);
    if (trusted.issuer !== claims['iss'] || algorithm === undefined) continue;
    const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;
    const isOurType = trusted.types.some((known) => known === type);
    const isKid = kid === undefined || (typeof kid === 'string' && kid.length <= MAX_KID_CHARS);
    const hasSurplus =
      trusted.headers && Object.keys(header).some((name) => !trusted.headers?.includes(name));
    if (!isOurType || !isKid || hasSurplus) break;
    return { trusted, algorithm, kid };
  }
  throw fail('auth.invalid_token');
}

function assertNotAhead({ iat = 0 }: JWTPayload, { environment, onClockSkew }: TokenVerifierOptions): void {
  const aheadMs = iat * 1_000 - environment.clock.now();
  if (aheadMs <= AHEAD_MS) return;
  onClockSkew?.(aheadMs);
  throw fail('clock.skew', { ahead_seconds: Math.round(aheadMs / 1_000) });
}

/** The tokens of our own auth service. */
function ourselves({ keys, issuer, audience }: TokenVerifierOptions): TrustedIssuer {
  return {
    issuer,
    audience,
    algorithms: [TOKEN_ALGORITHM],
    types: [TOKEN_TYPE],
    headers: ['alg', 'typ', 'kid'],
    requiredClaims: ['sub', 'sid', 'jti'],
    toleranceSeconds: 0,
    findKey: async (kid): Promise<CryptoKey | undefined> => (kid === undefined ? undefined : keys.find(kid)),
    identify: toIdentity,
  };
}

function toIdentity(claims: JWTPayload): Identity {
  const { sub, jti, iat, exp, sid, name, guest } = claims;
  const complete =
    isUuid(sub) && isUuid(sid) && typeof jti === 'string' && iat !== undefined && exp !== undefined;
  if (!complete) throw fail('auth.invalid_token');
  const who: Pick<Identity, 'kind' | 'guest'> = guest === undefined ? { kind: 'user' } : asGuest(claims);
  return Object.freeze({
    user_id: asUserId(sub),
    ...who,
    session_id: asSessionId(sid),
    token_id: jti,
    name: typeof name === 'string' ? name : '',
    issued_at: Math.round(iat * 1_000),
    expires_at: Math.round(exp * 1_000),
  });
}

function asGuest({ guest, guest_until: until }: JWTPayload): Pick<Identity, 'kind' | 'guest'> {
  if (!isUuid(guest) || typeof until !== 'number') throw fail('auth.invalid_token');
  return { kind: 'guest', guest: { brane_id: asBraneId(guest), expires_at: until * 1_000 } };
}
