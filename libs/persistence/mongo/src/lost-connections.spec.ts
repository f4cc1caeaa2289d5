import { contractEnvironment } from '@state-server/persistence-contract';
import { type Store, StoreError } from '@state-server/persistence-port';
import { describeWithServer, seededRandom, until } from '@state-server/testing';
import { openMongoStore } from './index';
import { CuttingProxy } from './testing/cutting-proxy';
import { MONGODB, TestDatabase } from './testing/test-database.spec-support';

const LABEL = { label: 'spec' };
const WORKERS = 8;
const CUTS = 12;

/** A server that is there all the time, behind a network that is not. */
describeWithServer({ ...MONGODB, name: 'a network that fails before MongoDB' }, (address) => {
  const database = new TestDatabase(address, 'network');
  let proxy: CuttingProxy;
  let near: Store;
  let far: Store;
  beforeAll(async () => {
    await database.prepare();
    const { hostname, port } = new URL(address);
    proxy = await CuttingProxy.start(hostname, Number(port || 27_017));
    const behind = new URL(database.uri);
    behind.host = proxy.host;
    // The members of a replica set would be asked under the addresses that they have, past the proxy.
    if (await database.isReplicaSet()) behind.searchParams.set('directConnection', 'true');
    near = await openMongoStore({ uri: database.uri, environment: contractEnvironment() });
    far = await openMongoStore({ uri: behind.toString(), environment: contractEnvironment() });
  }, 240_000);
  afterAll(async () => {
    await far.close();
    await near.close();
    await proxy.close();
    await database.close();
  });

  it('loses and doubles nothing that is counted through it (STORE-48, STORE-12)', async () => {
    const random = seededRandom(48);
    const told = { done: 0, unknown: 0, not: 0 };
    let isOver = false;
    const worker = async (name: string): Promise<void> => {
      while (!isOver) {
        try {
          // The counter of all, and a receipt of its own, in one transaction.
          await far.transact({ ...LABEL, maxRetries: 1_000, deadlineMs: 20_000 }, async (tx) => {
            const all = Number((await tx.get('meta', [name]))?.value ?? 0);
            tx.put('meta', { key: name, value: all + 1 });
            tx.put('meta', { key: `${name} ${all + 1}`, value: true });
          });
          told.done += 1;
        } catch (error) {
          if (!(error instanceof StoreError)) throw error;
          told[error.code === 'outcome_unknown' ? 'unknown' : 'not'] += 1;
        }
      }
    };
    const names = Array.from({ length: WORKERS }, (_, place) => `counter ${place % 4}`);
    const workers = names.map((name) => worker(name));
    for (let cut = 0; cut < CUTS; cut += 1) {
      const before = told.done;
      // Some work is done between two losses.
      await until(() => told.done >= before + 5, { timeoutMs: 60_000 });
      expect(proxy.connections).toBeGreaterThan(0);
      if (random.next() < 0.5) proxy.cut();
      else await proxy.loseAnswers(Math.floor(random.next() * 30));
    }
    isOver = true;
    await Promise.all(workers);
    const stored = await near.read(LABEL, (tx) =>
      Promise.all(
        [...new Set(names)].map(async (name) => {
          const receipts = await tx.range('meta', {
            prefix: [],
            gte: [`${name} `],
            lt: [`${name}!`],
            limit: 100_000,
          });
          return { count: Number((await tx.get('meta', [name]))?.value), receipts: receipts.length };
        }),
      ),
    );
    let total = 0;
    for (const { count, receipts } of stored) {
      expect(receipts).toBe(count);
      total += count;
    }
    expect(total).toBeGreaterThanOrEqual(told.done);
    expect(total).toBeLessThanOrEqual(told.done + told.unknown);
    expect(told.done).toBeGreaterThan(CUTS * 5);
  }, 240_000);

  it('is said to be away within the deadline while nothing comes through (STORE-48, F3)', async () => {
    await proxy.close();
    const started = performance.now();
    const run = far.transact({ ...LABEL, deadlineMs: 1_000 }, async (tx) =>
      tx.put('meta', { key: 'x', value: 1 }),
    );
    await expect(run).rejects.toMatchObject({
      name: 'StoreError',
      code: expect.stringMatching(/deadline|unavailable/),
    });
    expect(performance.now() - started).toBeLessThan(1_200);
    await expect(far.check()).rejects.toMatchObject({ code: 'unavailable' });
  }, 30_000);
});
