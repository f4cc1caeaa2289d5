import { contractEnvironment } from '@state-server/persistence-contract';
import type { Store, Transaction } from '@state-server/persistence-port';
import { openRecordStore } from '@state-server/persistence-records';
import { describeWithServer } from '@state-server/testing';
import { openMongoStore } from './index';
import { MongoKv } from './mongo-kv';
import { planOf } from './write-plan';
import { MemoryDatabase } from './testing/memory-driver';
import { MONGODB, TestDatabase } from './testing/test-database.spec-support';

const ONCE = { label: 'spec', maxRetries: 0 };
const LABEL = { label: 'spec' };

interface World {
  readonly store: Store;
  readonly second: Store;
  /** The documents of `meta` but the format, as MongoDB has them, by key. */
  documents(): Promise<Record<string, { guards: number; record: boolean }>>;
  close(): Promise<void>;
}

const put = (store: Store, key: string, value: unknown): Promise<void> =>
  store.transact(LABEL, async (tx) => tx.put('meta', { key, value }));

function describeGuards(open: () => Promise<World>): void {
  let world: World;
  beforeEach(async () => {
    world = await open();
  });
  afterEach(() => world.close());

  it('of what is not there leave nothing behind (STORE-47)', async () => {
    await world.store.transact(LABEL, async (tx) => {
      tx.guard('meta', ['absent']);
      tx.put('meta', { key: 'mine', value: 1 });
    });
    expect(await world.documents()).toEqual({ mine: { guards: 0, record: true } });
    await world.store.transact(LABEL, async (tx) => tx.guard('meta', ['absent']));
    expect(await world.documents()).toEqual({ mine: { guards: 0, record: true } });
  });

  it('of what is there count up beside the document, which stays as it is (STORE-47)', async () => {
    const { store, second } = world;
    await put(store, 'k', 'value');
    await store.transact(LABEL, async (tx) => tx.guard('meta', ['k']));
    await second.transact(LABEL, async (tx) => tx.guard('meta', ['k']));
    expect(await world.documents()).toEqual({ k: { guards: 2, record: true } });
    expect((await store.read(LABEL, (tx) => tx.get('meta', ['k'])))?.value).toBe('value');
  });

  it('of one key meet, and both transactions come through (STORE-47)', async () => {
    const { store, second } = world;
    await put(store, 'k', 'value');
    const guarded = (own: string) => async (tx: Transaction) => {
      tx.guard('meta', ['k']);
      tx.put('meta', { key: own, value: 1 });
    };
    let isFirst = true;
    await store.transact(LABEL, async (tx) => {
      await guarded('one')(tx);
      if (isFirst) await second.transact(LABEL, guarded('two'));
      isFirst = false;
    });
    expect(Object.keys(await world.documents()).sort()).toEqual(['k', 'one', 'two']);
    // So a guard that all writers share would make them wait for each other.
    expect(store.guarding).toBeUndefined();
  });

  it.each(['there', 'absent'])(
    'of two that write what the other guards let one win: %s (STORE-47, STORE-6)',
    async (how) => {
      const { store, second } = world;
      if (how === 'there') for (const key of ['one', 'two']) await put(store, key, 0);
      const write = (own: string, other: string) => async (tx: Transaction) => {
        await tx.get('meta', [other]);
        tx.guard('meta', [other]);
        tx.put('meta', { key: own, value: 1 });
      };
      const loser = store.transact(ONCE, async (tx) => {
        await write('one', 'two')(tx);
        await second.transact(ONCE, write('two', 'one'));
      });
      await expect(loser).rejects.toMatchObject({ code: 'conflict' });
      expect((await store.read(LABEL, (tx) => tx.get('meta', ['two'])))?.value).toBe(1);
      expect((await store.read(LABEL, (tx) => tx.get('meta', ['one'])))?.value).toBe(
        how === 'there' ? 0 : undefined,
      );
    },
  );

  it('of what somebody writes or deletes blindly lose to it, whoever began first (STORE-47, STORE-6)', async () => {
    const { store, second } = world;
    for (const blind of [
      (tx: Transaction) => tx.put('meta', { key: 'k', value: 2 }),
      (tx: Transaction) => tx.delete('meta', ['k']),
      (tx: Transaction) => tx.put('meta', { key: 'k', value: 3 }),
    ]) {
      const guarded = store.transact(ONCE, async (tx) => {
        tx.guard('meta', ['k']);
        await second.transact(ONCE, async (other) => blind(other));
      });
      await expect(guarded).rejects.toMatchObject({ code: 'conflict' });
    }
  });

  it('that were refused leave nothing of a guard or a write (STORE-47, STORE-3)', async () => {
    const { store, second } = world;
    const refused = store.transact(ONCE, async (tx) => {
      tx.guard('meta', ['absent']);
      tx.put('meta', { key: 'mine', value: 1 });
      tx.put('meta', { key: 'theirs', value: 1 });
      await put(second, 'theirs', 2);
    });
    await expect(refused).rejects.toMatchObject({ code: 'conflict' });
    expect(await world.documents()).toEqual({ theirs: { guards: 0, record: true } });
  });
}

type Listed = readonly { readonly _id: string; readonly _guards?: number; readonly _record?: unknown }[];

function listed(documents: Listed): Record<string, { guards: number; record: boolean }> {
  const keyOf = (id: string): string => id.slice(1, -1);
  return Object.fromEntries(
    documents
      .filter(({ _id }) => keyOf(_id) !== 'format')
      .map(({ _id, _guards = 0, _record }) => [
        keyOf(_id),
        { guards: _guards, record: _record !== undefined },
      ]),
  );
}

describe("guards on MongoDB's rules in memory", () => {
  describeGuards(async () => {
    const database = new MemoryDatabase();
    const openOne = (): Promise<Store> =>
      openRecordStore(new MongoKv(database.driver()), contractEnvironment());
    const documents = async (): ReturnType<World['documents']> =>
      listed([...database.committed].filter(([place]) => place.startsWith('meta/')).map(([, each]) => each));
    return {
      store: await openOne(),
      second: await openOne(),
      documents,
      close: () => Promise.resolve(),
    };
  });

  it('are asked of records alone, and in the order of keys (STORE-47)', () => {
    expect(() => planOf({ guards: ['\x0c\x01index'], writes: new Map() })).toThrow('records');
    const [plan] = planOf({ guards: ['\x01\x00\x02b\x00', '\x01\x00\x02a\x00'], writes: new Map() });
    expect(plan).toEqual({
      collection: 'meta',
      changes: [
        { kind: 'guard', id: '\x02a\x00' },
        { kind: 'guard', id: '\x02b\x00' },
      ],
      deletions: [],
    });
  });
});

describeWithServer({ ...MONGODB, name: 'guards on MongoDB' }, (address) => {
  const database = new TestDatabase(address, 'guards');
  beforeAll(() => database.prepare(), 240_000);
  afterAll(() => database.close());
  describeGuards(async () => {
    await database.clear();
    const openOne = (): Promise<Store> =>
      openMongoStore({ uri: database.uri, environment: contractEnvironment() });
    const [store, second] = [await openOne(), await openOne()];
    return {
      store,
      second,
      documents: async () => listed(await database.collection('meta').find({}).toArray()),
      close: async () => {
        await store.close();
        await second.close();
      },
    };
  });
});
