import type { Place } from '@state-server/persistence-port';
import { redisProgram, type RedisServer, startRedisServer, until } from '@state-server/testing';
import { createAnnouncer } from './announcer';
import { createReadCache } from './read-cache';
import { RedisTier } from './redis-tier';

const LIFE_MS = 60_000;
const STALE_MS = 500;
const environment = {
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  random: { next: () => Math.random() },
};
const at = (seq: number, epoch = 'e'): Place => ({ scope: 'brane:b', epoch, seq });
const there = (value: unknown, place: Place) => ({ kind: 'there', value, place }) as const;

if (!redisProgram()) {
  it.skip('the second tier (neither redis-server nor valkey-server is installed)', () => undefined);
} else {
  describe('the second tier', () => {
    let server: RedisServer;
    const open: RedisTier[] = [];
    const failures: string[] = [];
    const connect = async (deadlineMs = 1_000): Promise<RedisTier> => {
      const tier = new RedisTier({
        ...{ url: server.url, deadlineMs, now: () => performance.now() },
        onFailure: (reason) => failures.push(reason),
      });
      open.push(tier);
      await until(() => !tier.isAway);
      return tier;
    };
    beforeAll(async () => {
      server = await startRedisServer();
    });
    afterAll(async () => {
      for (const tier of open) tier.close();
      await server.dispose();
    });

    it('gives back what another process has put there, whatever it is (CACHE-1)', async () => {
      const [mine, theirs] = [await connect(), await connect()];
      const value = {
        ...{ text: 'é', none: null, list: [1, 2.5, -0.1], big: 2n ** 60n, bytes: Uint8Array.of(1, 2) },
        transform: Float32Array.of(1, 0.5),
      };
      expect(await mine.offer('a', there(value, at(3)), LIFE_MS)).toBe(true);
      const found = await theirs.get('a');
      expect(found?.entry.place).toEqual(at(3));
      expect(found?.entry.value).toEqual(value);
      expect(found?.leftMs).toBeGreaterThan(LIFE_MS - 10_000);
      expect(await theirs.get('nothing')).toBeUndefined();
      expect(failures).toEqual([]);
    });

    it('refuses a late writer: in Redis, too, nothing older is put back (CACHE-1)', async () => {
      const tier = await connect();
      await tier.offer('b', there('new', at(10)), LIFE_MS);
      expect(await tier.offer('b', there('old', at(9)), LIFE_MS)).toBe(false);
      expect((await tier.get('b'))?.entry.value).toBe('new');
      expect(await tier.offer('b', there('newer', at(11)), LIFE_MS)).toBe(true);
      // Places of two epochs do not compare; what does not stand where the head stands is not served anyway.
      expect(await tier.offer('b', there('restored', at(2, 'f')), LIFE_MS)).toBe(true);
      expect((await tier.get('b'))?.entry.value).toBe('restored');
    });

    it('takes a fence for a writer who comes later with less (CACHE-1, CACHE-11)', async () => {
      const tier = await connect();
      const user = (seq: number): Place => ({ scope: 'user:u', epoch: '', seq });
      await tier.offer('user:u', there('Ada', user(1)), LIFE_MS);
      const announce = createAnnouncer({ bus: { publish: () => undefined }, redis: tier });
      announce({ places: [user(2), at(50)], doubtful: [], ids: false });
      await until(async () => (await tier.get('user:u')) === undefined);
      expect(await tier.offer('user:u', there('Ada', user(1)), LIFE_MS)).toBe(false);
      expect(await tier.offer('user:u', there('Ada L', user(2)), LIFE_MS)).toBe(true);
      announce({ places: [], doubtful: ['user:u'], ids: true });
      await until(async () => (await tier.get('user:u')) === undefined);
    });

    it('does not prolong the trust in a document that is its own scope (CACHE-2, CACHE-5)', async () => {
      const tier = await connect();
      const { cacheOver, stored } = world();
      const [first, second] = [cacheOver(tier), cacheOver(tier)];
      expect(await first()).toBe('Ada');
      await until(async () => (await tier.get('user:w')) !== undefined);
      const changedAt = performance.now();
      Object.assign(stored, { value: 'Ada L', version: 2 });
      await until(async () => {
        const began = performance.now();
        const value = await second();
        if (value === 'Ada') expect(began - changedAt).toBeLessThan(STALE_MS);
        return value === 'Ada L';
      });
    });

    it('frozen is waited for no longer than its deadline, once; gone, nothing fails (CACHE-9, F2)', async () => {
      const tier = await connect(50);
      await tier.offer('c', there(1, at(1)), LIFE_MS);
      server.freeze();
      const before = failures.length;
      await until(async () => (await tier.get('c')) === undefined);
      expect([failures.length - before, tier.isAway]).toEqual([1, true]);
      expect(await tier.offer('c', there(2, at(2)), LIFE_MS)).toBe(true);
      expect(failures.length - before).toBe(1);
      server.thaw();
      await until(async () => (await tier.get('c'))?.entry.value === 1, { timeoutMs: 10_000 });
      await server.stop();
      await until(() => tier.isAway);
      const { cacheOver } = world();
      expect(await cacheOver(tier)()).toBe('Ada');
      await server.start();
      await until(() => !tier.isAway, { timeoutMs: 10_000 });
    });
  });
}

/** A user in a store, and caches of several processes over it. */
function world() {
  const stored = { value: 'Ada', version: 1 };
  const cacheOver = (redis: RedisTier): (() => Promise<unknown>) => {
    const cache = createReadCache({
      ...{ environment, maxBytes: 10_000, staleMs: STALE_MS, absentMs: 50, redis },
      ask: () => 'unknown',
    });
    return async () => {
      const { value, version } = stored;
      const place = { scope: 'user:w', epoch: '', seq: version };
      const load = () => Promise.resolve({ value, place });
      return (await cache.read({ key: 'user:w', demand: 'trusted', load }))?.value;
    };
  };
  return { stored, cacheOver };
}
