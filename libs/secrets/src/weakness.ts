/** What a secret is, and with it how strong it must be. */
export type SecretKind =
  /** Made by a machine, for machines: 256 bits as text. */
  | 'key'
  /** Given out by somebody else: a client secret, the password of a mailbox or a database. */
  | 'password';

interface Rule {
  readonly minChars: number;
  /** Least information by the frequency of its characters, bits. */
  readonly minBits: number;
}

const RULES: Readonly<Record<SecretKind, Rule>> = {
  key: { minChars: 32, minBits: 112 },
  password: { minChars: 12, minBits: 30 },
};

/** What anybody would try, and what stands in documents and examples everywhere. Compared without case and without signs. */
const KNOWN: ReadonlySet<string> = new Set(
  `admin administrator apikey default demo dev development foobared guest hunter2 jwtsecret keyboardcat letmein mongo
  mysecret mysecretkey none pass passw0rd password password1 password123 placeholder postgres qwerty redis root rootpassword
  s3cret sample secret secretkey shhhhh stateserver supersecret supersecretkey test testing token topsecret undefined null
  vault yoursecret yoursecretkey yoursecrethere 123456 12345678 1234567890 changeit changeme`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

const PLACEHOLDER =
  /change[-_ ]?(me|it|this)|placeholder|example|insecure|dummy|your[-_ ]?(secret|key|password)|<[a-z_ -]+>|replace[-_ ]?me|secret[-_]of[-_]the[-_]documents/i;

const NOT_YOURS = 'must be a secret of your own in production, not a placeholder';

/**
 * Why a text is no secret for production: anybody would try it, it is too short, or it repeats itself. Undefined when it is
 * good enough. Never repeats any of it.
 */
export function secretWeakness(kind: SecretKind, secret: string): string | undefined {
  const { minChars, minBits } = RULES[kind];
  const known = placeholderWeakness(secret);
  if (known !== undefined) return known;
  if (secret.length < minChars) return `must have at least ${minChars} characters in production`;
  if (bitsOf(Array.from(secret)) < minBits) return 'must be random in production: it repeats itself too much';
  return undefined;
}

/** Why a text, whatever it is for, is none that anybody keeps: a placeholder, or one that anybody would try. */
export function placeholderWeakness(secret: string): string | undefined {
  const plain = secret.toLowerCase().replace(/[^a-z0-9]/g, '');
  return KNOWN.has(plain) || PLACEHOLDER.test(secret) || new Set(secret).size < 5 ? NOT_YOURS : undefined;
}

/** The same of a secret that is bytes. */
export function bytesWeakness(bytes: Uint8Array, minBytes = 24): string | undefined {
  if (PLACEHOLDER.test(Buffer.from(bytes).toString('latin1'))) return NOT_YOURS;
  if (bytes.length < minBytes) return `must have at least ${minBytes} random bytes in production`;
  if (bitsOf([...bytes]) < bytes.length * 3)
    return 'must be random in production: it repeats itself too much';
  return undefined;
}

/** Of a URL that may carry a password: without one it is no secret. */
export function urlPasswordWeakness(text: string): string | undefined {
  const encoded = /^[a-z+]+:\/\/[^/@\s:]*:([^/@\s]+)@/i.exec(text)?.[1];
  if (encoded === undefined) return undefined;
  const weakness = secretWeakness('password', decoded(encoded));
  return weakness === undefined ? undefined : `its password ${weakness}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Shannon's measure over the frequency of the parts, times their number. */
function bitsOf(parts: readonly (string | number)[]): number {
  const counts = new Map<string | number, number>();
  for (const part of parts) counts.set(part, (counts.get(part) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= count * Math.log2(count / parts.length);
  return bits;
}
