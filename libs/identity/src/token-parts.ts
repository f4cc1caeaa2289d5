import { decodeJson, fail } from '@state-server/protocol';

/** What a token says of itself before anybody has checked its signature: good for choosing the key, for nothing else. */
export interface TokenParts {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Longer than this is none of ours, and of nobody whom we trust. */
export const MAX_TOKEN_CHARS = 4_096;

/** Headers by which a token would bring its own key or its own rules (RFC 8725, 3.10; RFC 7797). */
const BROUGHT_ALONG = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'enc'] as const;

/**
 * Reads a JWS in its compact form, strictly: three parts, each in the one canonical base64url form (RFC 4648, 3.5), so that
 * a token cannot be written in two ways; header and claims are JSON objects without a name twice. Throws `auth.invalid_token`.
 */
export function readTokenParts(token: string): TokenParts {
  if (token.length > MAX_TOKEN_CHARS) throw fail('auth.invalid_token');
  const [header, claims, signature, ...more] = token.split('.');
  if (header === undefined || claims === undefined || signature === undefined || more.length > 0) {
    throw fail('auth.invalid_token');
  }
  bytesOf(signature);
  const parts = { header: objectOf(header), claims: objectOf(claims) };
  if (BROUGHT_ALONG.some((name) => Object.hasOwn(parts.header, name))) throw fail('auth.invalid_token');
  return parts;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function bytesOf(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.length === 0 || bytes.toString('base64url') !== part) throw fail('auth.invalid_token');
  return bytes;
}

function objectOf(part: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = decodeJson(UTF8.decode(bytesOf(part)));
  } catch (error) {
    throw fail('auth.invalid_token', undefined, undefined, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fail('auth.invalid_token');
  return value as Readonly<Record<string, unknown>>;
}
