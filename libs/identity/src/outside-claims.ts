import { createHash } from 'node:crypto';
import { asSessionId, isScope, type Scope, type SessionId } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { JWTPayload } from 'jose';
import { LONGEST_TOKEN_MS } from './identity';
import type { OutsideIssuer } from './outside-issuer-settings';

/** What a genuine token of somebody else's says, in our words. */
export interface OutsideClaims {
  /** Under which its users are known here: `issuer:https://…`. */
  readonly provider: string;
  readonly subject: string;
  readonly name: string;
  readonly session_id: SessionId;
  readonly token_id: string;
  /** Undefined: it does not say. */
  readonly is_admin?: boolean;
  readonly scopes?: readonly Scope[];
  /** Ms since the epoch. */
  readonly issued_at: number;
  readonly expires_at: number;
}

export type ClaimRules = Pick<OutsideIssuer, 'claims' | 'admin_roles' | 'scopes'>;

const MAX_SUBJECT_CHARS = 255;
const MAX_NAME_CHARS = 100;

/** Throws `auth.invalid_token` for claims that name nobody, or live longer than a day: no revocation is kept for so long. */
export function readOutsideClaims(
  provider: string,
  { claims: map, admin_roles, scopes }: ClaimRules,
  claims: JWTPayload,
  digest: string,
): OutsideClaims {
  const { iat, exp, jti } = claims;
  const subject = textAt(claims, map.user_id);
  if (subject === undefined || subject.length > MAX_SUBJECT_CHARS) throw fail('auth.invalid_token');
  if (iat === undefined || exp === undefined || (exp - iat) * 1_000 > LONGEST_TOKEN_MS) {
    throw fail('auth.invalid_token');
  }
  const session = textAt(claims, map.session) ?? '';
  const roles = map.roles === undefined ? undefined : wordsAt(claims, map.roles);
  return {
    provider,
    subject,
    name: (textAt(claims, map.name) ?? subject).slice(0, MAX_NAME_CHARS),
    session_id: asSessionId(uuidOf('session', provider, subject, session)),
    token_id: uuidOf('token', provider, typeof jti === 'string' ? jti : digest),
    ...(roles && { is_admin: roles.some((role) => admin_roles.includes(role)) }),
    ...(map.scopes === undefined ? {} : { scopes: scopesOf(wordsAt(claims, map.scopes), scopes) }),
    issued_at: Math.round(iat * 1_000),
    expires_at: Math.round(exp * 1_000),
  };
}

function scopesOf(words: readonly string[], table: OutsideIssuer['scopes']): readonly Scope[] {
  const named = words.flatMap((word): readonly Scope[] => {
    if (Object.hasOwn(table, word)) return table[word] ?? [];
    return isScope(word) ? [word] : [];
  });
  return [...new Set(named)];
}

/** The claim of this name, or the place that a JSON Pointer names (RFC 6901). */
function valueAt(claims: JWTPayload, path: string): unknown {
  const steps = path.startsWith('/')
    ? path
        .slice(1)
        .split('/')
        .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    : [path];
  let value: unknown = claims;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

function textAt(claims: JWTPayload, path: string): string | undefined {
  const value = valueAt(claims, path);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A list of texts, or a text of words (RFC 8693, 4.2). */
function wordsAt(claims: JWTPayload, path: string): readonly string[] {
  const value = valueAt(claims, path);
  const words: readonly unknown[] =
    typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  return words.filter((word): word is string => typeof word === 'string' && word !== '');
}

/** An id, in the form that all ids have (UUID v4), that is always the same for the same texts. */
function uuidOf(...texts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(texts)).digest();
  const bytes = hash.subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
