import { asUserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { ServiceKeyDoc, Store, UserDoc } from '@state-server/persistence-port';
import { createFakeEnvironment, until } from '@state-server/testing';
import { createAuthenticate } from './authenticate';
import { toTime } from './identity';
import { coded } from './identity.spec-support';
import { RevocationSet } from './revocation-set';
import { newServiceKey, serviceKeyId } from './service-key';
import { createServiceKeys, keyRevocation } from './service-keys';
import { createTestTokens } from './test-tokens';

const DAY = 24 * 3_600_000;

async function createWorld() {
  const environment = createFakeEnvironment();
  const { clock, ids } = environment;
  const store = createMemoryStore({ environment });
  const revoked = new RevocationSet();
  let reads = 0;
  const counted: Store = {
    kind: store.kind,
    read: (options, callback) => {
      reads += 1;
      return store.read(options, callback);
    },
    transact: (options, callback) => store.transact(options, callback),
    check: () => store.check(),
    close: () => store.close(),
  };
  const keys = createServiceKeys({
    ...{ store: counted, clock },
    revocations: { isRevoked: (subject) => revoked.has(subject) },
  });
  const [owner, account, id] = [asUserId(ids.uuid()), asUserId(ids.uuid()), ids.uuid()];
  const at = toTime(clock.now());
  const common = { roles: ['user'], version: 1, created_at: at, updated_at: at } as const;
  const { key, hash } = newServiceKey(id);
  const doc: ServiceKeyDoc = {
    ...{ id, user_id: account, hash, scopes: ['brane:read'], created_at: at, created_by: owner },
    expires_at: toTime(clock.now() + 30 * DAY),
  };
  const user: UserDoc = { ...common, id: owner, name: 'Ada' };
  const service: UserDoc = { ...common, id: account, name: 'crane', service: { kind: 'user', id: owner } };
  await store.transact({ label: 'test' }, async (tx) => {
    for (const one of [user, service]) tx.put('users', one);
    tx.put('service_keys', doc);
  });
  const put = (change: Partial<ServiceKeyDoc>) =>
    store.transact({ label: 'test' }, async (tx) => tx.put('service_keys', { ...doc, ...change }));
  const putUser = (changed: UserDoc) =>
    store.transact({ label: 'test' }, async (tx) => tx.put('users', changed));
  const kept = () => store.read({ label: 'test' }, (tx) => tx.get('service_keys', [id]));
  return {
    environment,
    store,
    keys,
    key,
    doc,
    owner: user,
    account: service,
    put,
    putUser,
    kept,
    revoked,
    reads: () => reads,
  };
}

describe('a key of a service account', () => {
  it('says what it is, names itself, and is stored as its hash alone (SVC-2)', async () => {
    const { key, doc, kept } = await createWorld();
    expect(key).toMatch(/^ssk_[0-9a-f]{32}_[\w-]{43}_[0-9a-f]{8}$/);
    expect(serviceKeyId(key)).toBe(doc.id);
    expect(JSON.stringify(await kept())).not.toContain(key.slice(37, 80));
  });

  it('with any character changed or cut off is refused without a look at the store (SVC-2)', async () => {
    const { key, keys, reads } = await createWorld();
    const forged = Array.from(
      key,
      (char, at) => key.slice(0, at) + (char === 'a' ? 'b' : 'a') + key.slice(at + 1),
    );
    for (const wrong of [...forged, key.slice(0, -1), `${key}0`, 'ssk_', key.toUpperCase()]) {
      await expect(keys.verify(wrong)).rejects.toEqual(coded('auth.invalid_token'));
    }
    expect(reads()).toBe(0);
  });

  it('of the right form, but another secret, is refused (SVC-2)', async () => {
    const { keys, doc } = await createWorld();
    const other = newServiceKey(doc.id).key;
    await expect(keys.verify(other)).rejects.toEqual(coded('auth.invalid_token'));
  });

  it('stands for its account, with its scopes, until it ends (SVC-3)', async () => {
    const { keys, key, account, doc, environment } = await createWorld();
    expect(await keys.verify(key)).toMatchObject({
      user_id: account.id,
      kind: 'service',
      scopes: ['brane:read'],
      name: 'crane',
      session_id: doc.id,
      expires_at: environment.clock.now() + 30 * DAY,
    });
  });

  it('opens a socket as an access token does (SVC-3)', async () => {
    const { store, environment, key, account } = await createWorld();
    const { verifier } = await createTestTokens({ environment, store });
    const authenticate = createAuthenticate({ store, environment, verifier });
    expect(await authenticate({ token: key })).toMatchObject({ user_id: account.id, kind: 'service' });
    const elsewhere = await createTestTokens({ environment });
    await expect(elsewhere.verifier.verify(key)).rejects.toEqual(coded('auth.invalid_token'));
  });

  it('is read once a minute, however often it is used (SVC-3)', async () => {
    const { keys, key, environment, reads } = await createWorld();
    for (let times = 0; times < 100; times += 1) await keys.verify(key);
    expect(reads()).toBe(1);
    await environment.advance(60_000);
    await keys.verify(key);
    expect(reads()).toBe(2);
  });

  it('is dead with its revocation, and stays so when that is forgotten (SVC-4)', async () => {
    const { keys, key, doc, put, kept, revoked, environment } = await createWorld();
    await keys.verify(key);
    await until(async () => (await kept())?.last_used_at !== undefined);
    const now = environment.clock.now();
    await put({ revoked_at: toTime(now) });
    revoked.add(keyRevocation(doc.id, now));
    await expect(keys.verify(key)).rejects.toEqual(coded('auth.revoked'));
    revoked.prune(now + DAY);
    expect(revoked.size).toBe(0);
    await expect(keys.verify(key)).rejects.toEqual(coded('auth.revoked'));
  });

  it('is refused while its account or its owner is suspended, or once one of them is gone (SVC-4)', async () => {
    const { keys, key, owner, account, putUser, environment } = await createWorld();
    const suspension = { reason: 'spam', at: toTime(environment.clock.now()), by: owner.id };
    for (const user of [owner, account]) {
      await putUser({ ...user, suspension });
      await environment.advance(60_000);
      await expect(keys.verify(key)).rejects.toEqual(coded('user.suspended'));
      await putUser({ ...user, deleted_at: toTime(environment.clock.now()) });
      await expect(keys.verify(key)).rejects.toEqual(coded('auth.revoked'));
      await putUser(user);
      expect(await keys.verify(key)).toMatchObject({ user_id: account.id });
    }
  });

  it('is ended by a suspension that is committed just after it was read (SVC-4)', async () => {
    const { keys, key, account, revoked, environment } = await createWorld();
    const began = environment.clock.now();
    await environment.advance(4_000);
    const identity = await keys.verify(key);
    revoked.add({
      kind: 'user',
      value: account.id,
      at: toTime(began),
      not_before: toTime(began),
      expires_at: toTime(began + DAY),
    });
    expect(revoked.has(identity)).toBe(true);
  });

  it('shows when and from where it was last used, written once a minute (SVC-5)', async () => {
    const { keys, key, kept, environment } = await createWorld();
    const first = toTime(environment.clock.now());
    await keys.verify(key, { address: '198.51.100.7' });
    await until(async () => (await kept())?.last_used_at === first);
    expect(await kept()).toMatchObject({ last_used_at: first, last_address: '198.51.100.7' });
    await environment.advance(59_999);
    await keys.verify(key, { address: '203.0.113.9' });
    expect(await kept()).toMatchObject({ last_used_at: first });
    await environment.advance(1);
    const second = toTime(environment.clock.now());
    await keys.verify(key, { address: '203.0.113.9' });
    await until(async () => (await kept())?.last_used_at === second);
    expect(await kept()).toMatchObject({ last_address: '203.0.113.9' });
  });
});
