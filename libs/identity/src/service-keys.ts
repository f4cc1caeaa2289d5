import { asSessionId, type Clock } from '@state-server/domain';
import type { RevocationDoc, ServiceKeyDoc, Store, UserDoc } from '@state-server/persistence-port';
import { type Logger, toHttpError } from '@state-server/platform';
import { fail } from '@state-server/protocol';
import { LRUCache } from 'lru-cache';
import { ACCESS_TOKEN_MS, type Identity, REVOCATION_MARGIN_MS, toTime } from './identity';
import type { Revocations } from './revocations';
import { secretHash } from './secret';
import { isKeyOf, serviceKeyId } from './service-key';
import { assertNotSuspended } from './suspension';

/** Checks keys of service accounts. */
export interface ServiceKeys {
  /**
   * Throws `auth.invalid_token`, `auth.expired`, `auth.revoked`, `user.suspended` (the account, or whose it is),
   * `dependency.unavailable`. The caller looks at revocations besides.
   */
  verify(key: string, from?: KeyUse): Promise<Identity>;
}

/** From where a key is used. */
export interface KeyUse {
  readonly address?: string;
}

export interface ServiceKeysOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly revocations: Pick<Revocations, 'isRevoked'>;
  readonly log?: Logger;
  /** Keys that are remembered; default 5,000. */
  readonly cacheSize?: number;
}

/** What was read of a key serves so long; a revocation ends it at once. */
const FRESH_MS = 60_000;
/** Last use is written this often at most. */
const USE_EVERY_MS = 60_000;
/**
 * A suspension counts from before its commit, and may be committed after we have read: what we know is as old as a
 * transaction may be, so that it is ended by any that we did not see.
 */
const UNSEEN_MS = 10_000;

interface Known {
  readonly identity: Identity;
  readonly until: number;
}

/** Reads a key from the store once a minute, and remembers it by its digest in between (SVC-3). */
export function createServiceKeys(options: ServiceKeysOptions): ServiceKeys {
  const { clock, revocations } = options;
  const seen = new LRUCache<string, Known>({ max: options.cacheSize ?? 5_000 });
  return {
    verify: async (key, from) => {
      const id = serviceKeyId(key);
      if (id === undefined) throw fail('auth.invalid_token');
      const digest = secretHash(key);
      const now = clock.now();
      const known = seen.get(digest);
      if (known && now < known.until && !revocations.isRevoked(known.identity)) return known.identity;
      seen.delete(digest);
      const identity = await readKey(options, { id, key, now });
      void noteUse(options, id, from);
      seen.set(digest, { identity, until: now + FRESH_MS });
      return identity;
    },
  };
}

async function readKey(
  { store }: ServiceKeysOptions,
  { id, key, now }: { readonly id: string; readonly key: string; readonly now: number },
): Promise<Identity> {
  const found = await store
    .read({ label: 'service_key.verify' }, async (tx) => {
      const doc = await tx.get('service_keys', [id]);
      const account = doc && (await tx.get('users', [doc.user_id]));
      const owner = account?.service;
      // Members of a company come and go; the company itself is looked after where it is deleted.
      const answers = owner?.kind === 'user' ? await tx.get('users', [owner.id]) : account;
      return { doc, account, answers };
    })
    .catch((error: unknown) => {
      throw toHttpError(error);
    });
  const { doc, account, answers } = found;
  if (!doc || !isKeyOf(doc.hash, key)) throw fail('auth.invalid_token');
  if (doc.revoked_at !== undefined || !isThere(account) || !isThere(answers)) throw fail('auth.revoked');
  assertNotSuspended(account, now);
  assertNotSuspended(answers, now);
  return toIdentity(doc, account, now);
}

function isThere(user: UserDoc | undefined): user is UserDoc {
  return user !== undefined && user.deleted_at === undefined;
}

/** The key's id stands where a session's does: what ends a session ends it. */
function toIdentity(doc: ServiceKeyDoc, account: UserDoc, now: number): Identity {
  return Object.freeze({
    user_id: doc.user_id,
    kind: 'service',
    scopes: doc.scopes,
    session_id: asSessionId(doc.id),
    token_id: `key:${doc.id}`,
    name: account.name,
    issued_at: now - UNSEEN_MS,
    expires_at: Date.parse(doc.expires_at),
  });
}

/** Ends whatever a key is known as anywhere; the store says the rest. To be written with what is done to the key. */
export function keyRevocation(id: string, now: number): RevocationDoc {
  const expires_at = toTime(now + ACCESS_TOKEN_MS + REVOCATION_MARGIN_MS);
  return { kind: 'session', value: id, at: toTime(now), expires_at };
}

/** Never rejects: that a use is not noted keeps nobody out. */
async function noteUse(
  { store, clock, log }: ServiceKeysOptions,
  id: string,
  from: KeyUse = {},
): Promise<void> {
  try {
    await store.transact({ label: 'service_key.use' }, async (tx) => {
      const doc = await tx.get('service_keys', [id]);
      const now = clock.now();
      if (!doc || doc.revoked_at !== undefined) return;
      if (doc.last_used_at !== undefined && now - Date.parse(doc.last_used_at) < USE_EVERY_MS) return;
      const address = from.address ?? doc.last_address;
      tx.put('service_keys', {
        ...doc,
        last_used_at: toTime(now),
        ...(address === undefined ? {} : { last_address: address }),
      });
    });
  } catch (error) {
    log?.warn('service_key.use_not_noted', { err: error });
  }
}
