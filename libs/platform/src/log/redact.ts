import { types } from 'node:util';
import { hideKnown } from './known-secrets';

/** Field names whose value is never written, whatever it is. */
const SECRET_NAME =
  /^(authorization|cookie|set-cookie|token|ticket|secret|password|passphrase|signature|private_?key|webhook-signature)$|(_token|_secret|_password|[a-z]Token|[a-z]Secret|[a-z]Password)$/i;
/** Texts that give a secret away wherever they stand: JWTs, bearer headers, webhook secrets, passwords in URLs. */
const SECRET_TEXT =
  /eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|\bBearer\s+[\w.~+/-]+=*|whsec_[\w+/=]+|(?<=:\/\/)[^/\s:@]*:[^/\s@]+(?=@)|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

const HIDDEN = '[redacted]';
/** Levels of nesting that are written. */
const MAX_DEPTH = 6;
/** Elements of an array, characters of a text that are written. */
const MAX_ITEMS = 50;
const MAX_TEXT = 4_000;

/** No secret is as short: the least is the password of a URL. */
const SHORTEST_SECRET = 6;

export function redactText(text: string): string {
  if (text.length < SHORTEST_SECRET) return text;
  const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return hideKnown(cut.replace(SECRET_TEXT, HIDDEN));
}

/** A copy that may be written to a log: secrets hidden, bytes as their length, errors as name, code, message and stack. */
export function redact(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return redactText(value);
    case 'bigint':
      return value.toString();
    case 'function':
    case 'symbol':
      return undefined;
    case 'object':
      return value === null ? null : redactObject(value, depth);
    default:
      return value;
  }
}

function redactObject(value: object, depth: number): unknown {
  if (types.isNativeError(value)) return redactError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return '[…]';
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => redact(item, depth + 1));
  const copy: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    copy[name] = isSecretName(name) && field !== undefined ? HIDDEN : redact(field, depth + 1);
  }
  return copy;
}

/** Names are those of fields in our code, mostly; others come from outside, so not all of them are remembered. */
const secretNames = new Map<string, boolean>();
const MAX_NAMES = 1_000;

function isSecretName(name: string): boolean {
  const known = secretNames.get(name);
  if (known !== undefined) return known;
  const isSecret = SECRET_NAME.test(name);
  if (secretNames.size < MAX_NAMES) secretNames.set(name, isSecret);
  return isSecret;
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: redactText(error.message),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(error.cause === undefined || depth >= MAX_DEPTH ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
