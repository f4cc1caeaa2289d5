import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@state-server/domain';

/** Carries the token between services. Whatever a client sends under this name goes no further than api-gateway. */
export const INTERNAL_HEADER = 'x-internal-token';

/** How long a token is good, and how long it is sent before a new one is made, ms. */
export const INTERNAL_TOKEN_MS = 60_000;
const RENEW_MS = 20_000;
/** How far two clocks of the cluster may differ, ms. */
const SKEW_MS = 30_000;
const MAX_CHARS = 1_024;
const MAX_REMEMBERED = 100;

/**
 * Always this one, to the letter: nobody can choose another algorithm. A JWT (HS256), so that any tool can read it; made by
 * `node:crypto` because the address of a client is told synchronously, and `jose` answers later.
 */
const HEADER = Buffer.from('{"alg":"HS256","typ":"internal+jwt"}').toString('base64url');

interface Claims {
  /** The service that speaks, and the one that it speaks to. */
  readonly iss: string;
  readonly aud: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly exp: number;
}

export interface InternalSignerOptions {
  /** The first signs. Asked for with each token: they may be exchanged while the service runs. */
  readonly secrets: () => readonly string[];
  /** Our own name. */
  readonly from: string;
  readonly clock: Clock;
}

/** Answers the token for a service, or undefined where there is no secret. */
export type InternalSigner = (audience: string) => string | undefined;

export function createInternalSigner({ secrets, from, clock }: InternalSignerOptions): InternalSigner {
  const made = new Map<string, { readonly token: string; readonly secret: string; readonly at: number }>();
  return (audience) => {
    const [secret] = secrets();
    if (secret === undefined) return undefined;
    const now = clock.now();
    const before = made.get(audience);
    if (before?.secret === secret && now >= before.at && now - before.at < RENEW_MS) return before.token;
    const iat = Math.floor(now / 1_000);
    const claims: Claims = { iss: from, aud: audience, iat, exp: iat + INTERNAL_TOKEN_MS / 1_000 };
    const signed = `${HEADER}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
    const token = `${signed}.${mac(secret, signed).toString('base64url')}`;
    made.set(audience, { token, secret, at: now });
    return token;
  };
}

export interface InternalCheckOptions {
  /** Any of them may have signed, while they are exchanged. */
  readonly secrets: () => readonly string[];
  /** Ourselves: a token for somebody else is none. */
  readonly audience: string;
  readonly clock: Clock;
}

/** Whether a token was made by one of ours, for us, just now. */
export type InternalCheck = (token: string | undefined) => boolean;

export function createInternalCheck({ secrets, audience, clock }: InternalCheckOptions): InternalCheck {
  /** Token → until when it is good; for these secrets. */
  let known = new Map<string, number>();
  let under: readonly string[] = [];
  return (token) => {
    if (token === undefined || token.length > MAX_CHARS) return false;
    const present = secrets();
    if (present !== under || known.size > MAX_REMEMBERED) known = new Map();
    under = present;
    const now = clock.now();
    const until = known.get(token) ?? expiryOf(token, present, audience, now);
    if (until === undefined || now >= until) return false;
    known.set(token, until);
    return true;
  };
}

/** Ms since the epoch; undefined when it is not good. */
function expiryOf(
  token: string,
  secrets: readonly string[],
  audience: string,
  now: number,
): number | undefined {
  const [header, payload, signature, ...more] = token.split('.');
  if (header !== HEADER || payload === undefined || signature === undefined || more.length > 0)
    return undefined;
  const given = Buffer.from(signature, 'base64url');
  // All are compared, in full, so that time tells nothing.
  const matches = secrets.filter((secret) => isSame(given, mac(secret, `${header}.${payload}`)));
  if (matches.length === 0) return undefined;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims;
  const isNow = claims.iat * 1_000 <= now + SKEW_MS && claims.exp - claims.iat <= INTERNAL_TOKEN_MS / 1_000;
  return claims.aud === audience && isNow ? claims.exp * 1_000 + SKEW_MS : undefined;
}

const mac = (secret: string, text: string): Buffer => createHmac('sha256', secret).update(text).digest();

const isSame = (given: Buffer, expected: Buffer): boolean =>
  given.length === expected.length && timingSafeEqual(given, expected);
