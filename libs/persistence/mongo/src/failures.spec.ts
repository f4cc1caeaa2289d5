import mongoose from 'mongoose';
import { StoreError, type Store } from '@state-server/persistence-port';
import { KvConflict, KvTransient, RecordStore } from '@state-server/persistence-records';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { failureOf, NAMES_OF_FAILURES } from './failures';
import { MongoKv } from './mongo-kv';
import { MemoryDatabase, mongoError } from './testing/memory-driver';

/*
 * A driver that answers with every class of error at every call. It proves what the adapter does about an error, not that
 * MongoDB gives it.
 */

const LABEL = { label: 'spec', maxRetries: 3 };
const network = (labels: string[] = []): Error =>
  mongoError(undefined, { name: 'MongoNetworkError', labels });

/** Another writer was faster. */
const CONFLICTS: [string, Error][] = [
  ['112 WriteConflict', mongoError(112, { labels: ['TransientTransactionError'] })],
  ['112 without its label', mongoError(112)],
  ['112 of a bulk write', mongoError(112, { name: 'MongoBulkWriteError' })],
  ['11000 DuplicateKey, of which only the code is certain', mongoError(11_000)],
  ['24 LockTimeout', mongoError(24)],
];
/** The transaction is lost; a fresh one may succeed. */
const PASSING: [string, Error][] = [
  ['246 SnapshotUnavailable', mongoError(246)],
  ['251 NoSuchTransaction', mongoError(251, { labels: ['TransientTransactionError'] })],
  ['10107 NotWritablePrimary', mongoError(10_107)],
  ['189 PrimarySteppedDown', mongoError(189)],
  ['a lost connection', network()],
  ['a lost connection, as a bulk write tells of it', mongoError(undefined, { name: 'MongoBulkWriteError' })],
  ['a cleared pool', mongoError(undefined, { name: 'MongoPoolClearedError' })],
  ['a code that nobody knows, with the label', mongoError(9_999, { labels: ['TransientTransactionError'] })],
];
/** Trying again would not help. */
const FINAL: [string, Error][] = [
  [
    'no server',
    mongoError(undefined, { name: 'MongoServerSelectionError', labels: ['TransientTransactionError'] }),
  ],
  ['no connection of the pool', mongoError(undefined, { name: 'MongoWaitQueueTimeoutError' })],
  ['a server that says nothing', mongoError(undefined, { name: 'MongoNetworkTimeoutError' })],
  ['50 MaxTimeMSExpired', mongoError(50)],
  ['13 Unauthorized', mongoError(13)],
  ['14031 OutOfDiskSpace', mongoError(14_031)],
  ['a code that nobody knows', mongoError(9_999)],
  ['a mistake', new TypeError('of the adapter')],
];

/** The operations of the transaction below, in their order. */
const BEFORE_COMMIT = ['find meta', 'find members', 'write members', 'write transactions'];

interface World {
  readonly database: MemoryDatabase;
  readonly environment: FakeEnvironment;
  readonly store: Store;
  /** Operations so far, of all attempts. */
  readonly operations: string[];
  /** Answers an operation with an error, the first time or always. */
  fail(operation: string, error: Error, how?: 'once' | 'always'): void;
  /** Adds to a counter in `members`; answers what it wrote. */
  add(): Promise<string>;
  stored(): Promise<string | undefined>;
}

function world(): World {
  const [database, environment] = [new MemoryDatabase(), createFakeEnvironment()];
  const store = new RecordStore(new MongoKv(database.driver()), environment);
  const operations: string[] = [];
  let faulty: { operation: string; error: Error; how: string } | undefined;
  database.onOperation = (operation) => {
    operations.push(operation);
    if (faulty?.operation !== operation) return;
    const { error, how } = faulty;
    if (how === 'once') faulty = undefined;
    throw error;
  };
  const read = async (): Promise<string | undefined> =>
    (await store.read({ label: 'look' }, (tx) => tx.get('members', ['b', 'u'])))?.since;
  return {
    database,
    environment,
    store,
    operations,
    fail: (operation, error, how = 'once') => {
      faulty = { operation, error, how };
    },
    add: async () => {
      const run = store.transact(LABEL, async (tx) => {
        const since = `${(await tx.get('members', ['b', 'u']))?.since ?? ''}+`;
        tx.put('members', { brane_id: 'b', user_id: 'u', role: 'viewer', since } as never);
        return since;
      });
      let isDone = false;
      const done = (): void => {
        isDone = true;
      };
      run.then(done, done);
      while (!isDone) await environment.advance(10);
      return run;
    },
    stored: async () => {
      faulty = undefined;
      return read();
    },
  };
}

it('takes the operations that the tests below spoil (STORE-41)', async () => {
  const { add, operations } = world();
  expect(await add()).toBe('+');
  expect(operations).toEqual([...BEFORE_COMMIT, 'commit']);
});

describe.each(BEFORE_COMMIT)('an error of "%s"', (operation) => {
  it.each([...CONFLICTS, ...PASSING])('%s is tried again, and done once (STORE-41)', async (_, error) => {
    const { add, stored, fail } = world();
    fail(operation, error);
    expect(await add()).toBe('+');
    expect(await stored()).toBe('+');
  });

  it.each(CONFLICTS)(
    '%s each time is `conflict` at last, and nothing is written (STORE-41)',
    async (_, error) => {
      const { add, stored, fail } = world();
      fail(operation, error, 'always');
      await expect(add()).rejects.toMatchObject({ name: 'StoreError', code: 'conflict' });
      expect(await stored()).toBeUndefined();
    },
  );

  it.each(PASSING)(
    '%s each time is `unavailable` at last, and nothing is written (STORE-41)',
    async (_, error) => {
      const { add, stored, fail } = world();
      fail(operation, error, 'always');
      await expect(add()).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' });
      expect(await stored()).toBeUndefined();
    },
  );

  it.each(FINAL)(
    '%s is `unavailable` at once, with its cause, and nothing is written (STORE-41)',
    async (_, error) => {
      const { add, stored, fail, operations } = world();
      fail(operation, error);
      await expect(add()).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable', cause: error });
      expect(operations.filter((each) => each === operation)).toHaveLength(1);
      expect(await stored()).toBeUndefined();
    },
  );
});

describe('an error of the commit', () => {
  const UNKNOWN: [string, Error][] = [
    ['UnknownTransactionCommitResult', network(['UnknownTransactionCommitResult'])],
    ...PASSING,
    ...FINAL,
  ];

  it('112 WriteConflict is another writer: it is tried again (STORE-41)', async () => {
    const { add, stored, fail } = world();
    fail('commit', mongoError(112));
    expect(await add()).toBe('+');
    expect(await stored()).toBe('+');
    fail('commit', mongoError(112), 'always');
    await expect(add()).rejects.toMatchObject({ code: 'conflict' });
  });

  it.each(UNKNOWN)(
    '%s, though it was committed, is found by its own record (STORE-41, STORE-12)',
    async (_, error) => {
      const { add, stored, database } = world();
      database.onCommitted = () => {
        database.onCommitted = () => undefined;
        throw error;
      };
      expect(await add()).toBe('+');
      expect(await stored()).toBe('+');
    },
  );

  it.each(UNKNOWN)('%s, and it was not committed, is done again (STORE-41, STORE-12)', async (_, error) => {
    const { add, stored, fail } = world();
    fail('commit', error);
    expect(await add()).toBe('+');
    expect(await stored()).toBe('+');
  });

  it('each time is `outcome_unknown` (STORE-41)', async () => {
    const { add, fail } = world();
    fail('commit', network(['UnknownTransactionCommitResult']), 'always');
    await expect(add()).rejects.toMatchObject({ name: 'StoreError', code: 'outcome_unknown' });
  });
});

describe('a read alone', () => {
  it.each([...CONFLICTS, ...PASSING])('begins again when its first operation fails: %s', async (_, error) => {
    const { store, fail, add } = world();
    await add();
    fail('find members', error);
    const read = store.read(LABEL, (tx) => tx.get('members', ['b', 'u']));
    // Somebody else's write cannot be what a read fails for: it is told, not hidden.
    if (failureOf(error) instanceof KvConflict) await expect(read).rejects.toBeInstanceOf(StoreError);
    else expect(await read).toMatchObject({ since: '+' });
  });

  it('is not believed before a majority has it: a commit that fails makes it `unavailable` (STORE-42)', async () => {
    const { store, fail } = world();
    fail('commit', mongoError(10_107));
    const read = store.read(LABEL, (tx) => tx.get('members', ['b', 'u']));
    await expect(read).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' });
  });
});

describe('a server that does not answer', () => {
  it.each(BEFORE_COMMIT)(
    'at "%s" holds nobody beyond the deadline (STORE-11, STORE-41)',
    async (operation) => {
      const { store, database, environment } = world();
      database.onOperation = (each) => (each === operation ? new Promise(() => undefined) : undefined);
      const run = store.transact({ label: 'spec', deadlineMs: 200 }, async (tx) => {
        await tx.get('members', ['b', 'u']);
        tx.put('members', { brane_id: 'b', user_id: 'u', role: 'viewer', since: '' } as never);
      });
      const refused = expect(run).rejects.toMatchObject({ code: 'deadline' });
      await environment.advance(200);
      await refused;
    },
  );

  it('at the commit leaves the outcome open (STORE-11, STORE-41)', async () => {
    const { store, database, environment } = world();
    database.onOperation = (each) => (each === 'commit' ? new Promise(() => undefined) : undefined);
    const run = store.transact({ label: 'spec', deadlineMs: 200 }, async (tx) =>
      tx.delete('members', ['b', 'u']),
    );
    const refused = expect(run).rejects.toMatchObject({ code: 'outcome_unknown' });
    await environment.advance(200);
    await refused;
  });
});

describe('the table of errors', () => {
  it('knows the errors of the driver by the names that they have', () => {
    // Those of its pools it does not export.
    const hidden = [
      'MongoPoolClearedError',
      'MongoPoolClosedError',
      'PoolClearedOnNetworkError',
      'MongoWaitQueueTimeoutError',
    ];
    const classes = Object.values(mongoose.mongo as unknown as Record<string, unknown>).filter(
      (each): each is { prototype: { name: string } } =>
        typeof each === 'function' && each.prototype instanceof mongoose.mongo.MongoError,
    );
    const names = classes.map(({ prototype }) => prototype.name);
    for (const name of NAMES_OF_FAILURES) expect([...names, ...hidden]).toContain(name);
  });

  it('leaves an error that is classified already as it is', () => {
    const known = new KvTransient(new StoreError('unavailable', 'x'));
    expect(failureOf(known)).toBe(known);
  });
});
