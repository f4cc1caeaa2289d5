import { createMemoryKv, createMemoryStore, type MemoryKv } from '@state-server/persistence-memory';
import { type Store, StoreError } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { gatedStore } from './gated-store';
import { closeToWriters, openToWriters, readOnlyFlag, WRITER_LIFETIME_MS } from './read-only-mode';
import { watchReadOnly } from './read-only-watch';

const LABEL = { label: 'spec' };
const REASON = { reason: 'it is being copied' };
const environment = createFakeEnvironment();

/** A store whose guards are writes, as MongoDB's are. */
function withoutCheapGuards(store: Store): Store {
  const { kind } = store;
  return {
    kind,
    transact: (options, callback) => store.transact(options, callback),
    read: (options, callback) => store.read(options, callback),
    check: () => store.check(),
    close: () => store.close(),
  };
}

describe('read-only mode (STORE-22)', () => {
  let kv: MemoryKv;
  let plain: Store;
  let store: Store;
  beforeEach(() => {
    kv = createMemoryKv();
    plain = createMemoryStore({ environment, kv });
    store = gatedStore(createMemoryStore({ environment, kv }));
  });

  const put = (into: Store, key: string): Promise<void> =>
    into.transact(LABEL, async (tx) => tx.put('meta', { key, value: 1 }));
  const keys = (): Promise<string[]> =>
    plain.read(LABEL, async (tx) =>
      (await tx.range('meta', { prefix: [], limit: 99 })).map(({ key }) => key),
    );

  it('refuses what writes or deletes with words, and nothing that only reads or guards', async () => {
    await put(store, 'before');
    await closeToWriters(plain, environment, REASON);
    const refused = put(store, 'after');
    await expect(refused).rejects.toBeInstanceOf(StoreError);
    await expect(refused).rejects.toMatchObject({ code: 'read_only' });
    await expect(refused).rejects.toThrow('it is being copied');
    await expect(store.transact(LABEL, async (tx) => tx.delete('meta', ['before']))).rejects.toMatchObject({
      code: 'read_only',
    });
    const read = (): Promise<unknown> => store.read(LABEL, (tx) => tx.get('meta', ['before']));
    expect(await read()).toEqual({ key: 'before', value: 1 });
    const looked = store.transact(LABEL, async (tx) => {
      tx.guard('meta', ['before']);
      return tx.get('meta', ['before']);
    });
    expect(await looked).toEqual({ key: 'before', value: 1 });
    expect(await keys()).toEqual(['before', 'read_only']);
    expect(await openToWriters(plain)).toBe(true);
    expect(await openToWriters(plain)).toBe(false);
    await put(store, 'after');
    expect(await keys()).toEqual(['after', 'before']);
  });

  it('lets a rule of the transaction speak first, and what it answers without a write', async () => {
    await closeToWriters(plain, environment, REASON);
    const refusal = new Error('you may not');
    await expect(store.transact(LABEL, () => Promise.reject(refusal))).rejects.toBe(refusal);
    expect(await store.transact(LABEL, () => Promise.resolve('it was done before'))).toBe(
      'it was done before',
    );
  });

  it('lets nobody write afterwards who had begun before, however late (STORE-23)', async () => {
    let goOn = (): void => undefined;
    const frozen = new Promise<void>((resolve) => (goOn = resolve));
    const late = store.transact({ ...LABEL, maxRetries: 0 }, async (tx) => {
      tx.put('meta', { key: 'late', value: 1 });
      await frozen;
    });
    const refused = expect(late).rejects.toMatchObject({ code: 'conflict' });
    expect(await closeToWriters(plain, environment, REASON)).toMatchObject({ settled: true });
    goOn();
    await refused;
    const again = store.transact(LABEL, async (tx) => {
      tx.put('meta', { key: 'late', value: 1 });
      await frozen;
    });
    await expect(again).rejects.toMatchObject({ code: 'read_only' });
    expect(await keys()).toEqual(['read_only']);
  });

  it('waits for the end of every transaction where guards are writes, and writers do not hinder each other (STORE-23)', async () => {
    const bare = withoutCheapGuards(plain);
    const waits: number[] = [];
    let flag: unknown;
    const closing = closeToWriters(bare, environment, { ...REASON, onWait: (ms) => waits.push(ms) });
    void closing.then((found) => (flag = found));
    await environment.settle();
    expect(waits).toEqual([WRITER_LIFETIME_MS]);
    const gated = gatedStore(bare);
    await expect(put(gated, 'after')).rejects.toMatchObject({ code: 'read_only' });
    await environment.advance(WRITER_LIFETIME_MS - 1);
    expect(flag).toBeUndefined();
    expect(await readOnlyFlag(bare)).not.toHaveProperty('settled');
    await environment.advance(1);
    expect(await closing).toMatchObject({ settled: true, reason: 'it is being copied' });
    // The flag of two writers is read, not guarded: a guard would make them conflict where it is a write.
    await openToWriters(bare);
    const guards: unknown[] = [];
    const spied: Store = {
      ...withoutCheapGuards(plain),
      transact: (options, callback) =>
        plain.transact(options, (tx) =>
          callback(
            Object.assign(Object.create(tx) as typeof tx, {
              guard: (...args: unknown[]) => guards.push(args),
            }),
          ),
        ),
    };
    await put(gatedStore(spied), 'after');
    expect(guards).toEqual([]);
  });

  it('keeps its flag when it is closed twice, and says so when somebody opens it meanwhile', async () => {
    const first = await closeToWriters(plain, environment, REASON);
    expect(await closeToWriters(plain, environment, { reason: 'another' })).toEqual(first);
    await openToWriters(plain);
    const bare = withoutCheapGuards(plain);
    const closing = closeToWriters(bare, environment, REASON);
    const failed = expect(closing).rejects.toThrow('opened to writers meanwhile');
    await environment.settle();
    await openToWriters(plain);
    await environment.advance(WRITER_LIFETIME_MS);
    await failed;
  });

  it('is noticed within 2 s, and so is its end, by whoever only listens', async () => {
    const watch = watchReadOnly(store, environment);
    const seen: (string | undefined)[] = [];
    watch.onChange((flag) => seen.push(flag?.reason));
    await environment.advance(5_000);
    expect(seen).toEqual([]);
    await closeToWriters(plain, environment, REASON);
    await environment.advance(2_000);
    expect(seen).toEqual(['it is being copied']);
    expect(watch.flag).toMatchObject(REASON);
    await openToWriters(plain);
    await environment.advance(2_000);
    expect(seen).toEqual(['it is being copied', undefined]);
    watch.close();
    await closeToWriters(plain, environment, REASON);
    await environment.advance(5_000);
    expect(seen).toHaveLength(2);
  });

  it('goes on listening when the store was away', async () => {
    let isAway = true;
    const shaky: Store = {
      ...withoutCheapGuards(plain),
      read: (options, callback) =>
        isAway ? Promise.reject(new StoreError('unavailable', 'away')) : plain.read(options, callback),
    };
    const watch = watchReadOnly(shaky, environment);
    await closeToWriters(plain, environment, REASON);
    await environment.advance(10_000);
    expect(watch.flag).toBeUndefined();
    isAway = false;
    await environment.advance(2_000);
    expect(watch.flag).toMatchObject(REASON);
    watch.close();
  });

  it('answers reads in steps at once, as the store below does', () => {
    const answer = store.readSteps?.(LABEL, function* (reader) {
      return yield* reader.get('meta', ['nothing']);
    });
    expect(answer).toBeUndefined();
    expect(gatedStore(withoutCheapGuards(plain)).readSteps).toBeUndefined();
  });
});
