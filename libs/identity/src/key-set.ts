import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';

/** One key of the set, as it is kept. Times are ISO 8601. */
export interface KeyRecord {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  /** Ed25519, PKCS #8 in PEM. */
  readonly private_key: string;
  readonly published_at: string;
  /** Later than it is published: by then every other service has fetched it. */
  readonly signs_from: string;
  /** Set when the next one takes over; its last tokens have died by then. */
  readonly verifies_until?: string;
}

/**
 * The keys of the auth service as one document. What each of them is for follows from the time alone: a rotation is one write,
 * and whoever is killed during it leaves the set before or the set after.
 */
export interface KeySet {
  readonly keys: readonly KeyRecord[];
}

/** `next`: published, and not signing yet. `retired`: verifies what it has signed. `dead`: of no use any more. */
export type KeyState = 'next' | 'signing' | 'retired' | 'dead';

const PEM_BLOCK = /-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----/g;
const EPOCH = new Date(0).toISOString();
const MAX_KEYS = 16;

/**
 * A key set from JSON; or from PEM blocks, of which the first signs and all verify for as long as they stand there. Throws
 * without repeating any of it.
 */
export function parseKeySet(text: string): KeySet {
  return text.trimStart().startsWith('{') ? parseJson(text) : parsePem(text);
}

export function formatKeySet({ keys }: KeySet): string {
  return JSON.stringify({ keys }, null, 2);
}

function parsePem(text: string): KeySet {
  // A line break may stand there as two characters, where a place takes one line alone.
  const blocks = text.replaceAll('\\n', '\n').match(PEM_BLOCK) ?? [];
  if (blocks.length === 0) throw new Error('it holds no PKCS #8 private key in PEM');
  // Those behind the first began earlier, so they do not sign.
  return {
    keys: blocks.map((private_key, index) => ({
      kid: kidOf(private_key),
      private_key,
      published_at: EPOCH,
      signs_from: new Date(-index).toISOString(),
    })),
  };
}

function parseJson(text: string): KeySet {
  const keys = listIn(text).map(recordOf);
  if (keys.length === 0) throw new Error('it is a key set without keys');
  if (new Set(keys.map(({ kid }) => kid)).size !== keys.length) {
    throw new Error('it is a key set that holds a key twice');
  }
  return { keys };
}

function listIn(text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('it is neither JSON nor PEM');
  }
  const keys = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined;
  if (!Array.isArray(keys) || keys.length > MAX_KEYS) throw new Error('it is no key set');
  return keys;
}

function recordOf(value: unknown): KeyRecord {
  const record = (typeof value === 'object' && value !== null ? value : {}) as Readonly<
    Record<string, unknown>
  >;
  const { private_key, verifies_until } = record;
  if (typeof private_key !== 'string') throw new Error('it is a key set with a key that has no private_key');
  const kid = kidOf(private_key);
  if (record['kid'] !== undefined && record['kid'] !== kid) {
    throw new Error('it is a key set with a kid that is not that of its key');
  }
  return {
    kid,
    private_key,
    published_at: timeOf(record, 'published_at'),
    signs_from: timeOf(record, 'signs_from'),
    ...(verifies_until === undefined ? {} : { verifies_until: timeOf(record, 'verifies_until') }),
  };
}

function timeOf(record: Readonly<Record<string, unknown>>, name: string): string {
  const value = record[name];
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new Error(`it is a key set with a key without ${name}`);
  return new Date(ms).toISOString();
}

/** `x` of the public key, in base64url. Throws when it is no Ed25519 private key in PKCS #8. */
export function publicPartOf(pem: string): string {
  const { crv, x } = exported(pem);
  if (crv !== 'Ed25519' || x === undefined) throw new Error('it holds a key that is not Ed25519');
  return x;
}

function exported(pem: string): { readonly crv?: string; readonly x?: string } {
  try {
    return createPublicKey(createPrivateKey(pem)).export({ format: 'jwk' });
  } catch {
    throw new Error('it holds a private key that cannot be read');
  }
}

/** RFC 7638: the digest of the required members in the order of the alphabet. */
export function kidOf(pem: string): string {
  const members = `{"crv":"Ed25519","kty":"OKP","x":"${publicPartOf(pem)}"}`;
  return createHash('sha256').update(members).digest('base64url');
}

/** Of test vectors that anybody can look up (RFC 8037, appendix A). */
const KNOWN_KIDS: ReadonlySet<string> = new Set(['kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k']);

/** Why production does not sign with it; undefined when it may. */
export function keySetWeakness({ keys }: KeySet): string | undefined {
  return keys.some(({ kid }) => KNOWN_KIDS.has(kid))
    ? 'must not hold a key of the documents in production'
    : undefined;
}

/** Which key signs at a moment: of those that may, the one that began last. */
export function signingKeyOf({ keys }: KeySet, now: number): KeyRecord | undefined {
  const usable = keys.filter((key) => !isDead(key, now));
  const begun = usable.filter((key) => Date.parse(key.signs_from) <= now);
  const [last] = [...begun].sort((a, b) => Date.parse(b.signs_from) - Date.parse(a.signs_from));
  if (last) return last;
  // Nobody signs yet: better too early than not at all.
  return [...usable].sort((a, b) => Date.parse(a.signs_from) - Date.parse(b.signs_from))[0];
}

const isDead = ({ verifies_until }: KeyRecord, now: number): boolean =>
  verifies_until !== undefined && Date.parse(verifies_until) <= now;

export function stateOf(set: KeySet, key: KeyRecord, now: number): KeyState {
  if (isDead(key, now)) return 'dead';
  if (signingKeyOf(set, now)?.kid === key.kid) return 'signing';
  return Date.parse(key.signs_from) > now ? 'next' : 'retired';
}

export interface RotateOptions {
  /** Ms since the epoch. */
  readonly now: number;
  /** Between the publication of a new key and its first signature, ms. */
  readonly leadMs: number;
  /** From there until the key before verifies no more, ms: longer than an access token lives. */
  readonly drainMs: number;
  /** The keys there are have leaked: they verify nothing from now on, and the new one signs at once. */
  readonly compromised?: boolean;
  /** Default: a fresh Ed25519 key. */
  readonly newKey?: () => string;
}

export type RotateOutcome =
  | { readonly kind: 'begun'; readonly set: KeySet; readonly key: KeyRecord; readonly before?: KeyRecord }
  /** Somebody has begun it already, perhaps a run of this that was killed: nothing is to be done. */
  | { readonly kind: 'under_way'; readonly key: KeyRecord };

/** The set with a new key that signs after the lead time. Asked twice, it begins one rotation. */
export function rotateKeySet(set: KeySet, options: RotateOptions): RotateOutcome {
  const { now, leadMs, drainMs, compromised = false, newKey = newPrivateKey } = options;
  const living = set.keys.filter((key) => !isDead(key, now));
  const present = signingKeyOf(set, now);
  const next = living.find((key) => stateOf(set, key, now) === 'next');
  if (next && !compromised) return { kind: 'under_way', key: next };
  const begins = compromised || !present ? now : now + leadMs;
  const private_key = newKey();
  const key: KeyRecord = {
    kid: kidOf(private_key),
    private_key,
    published_at: new Date(now).toISOString(),
    signs_from: new Date(begins).toISOString(),
  };
  const until = new Date(begins + drainMs).toISOString();
  const kept = compromised
    ? []
    : living.map((one) => ({ ...one, verifies_until: one.verifies_until ?? until }));
  return { kind: 'begun', set: { keys: [key, ...kept] }, key, ...(present ? { before: present } : {}) };
}

export function newPrivateKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
