import { contractEnvironment } from '@state-server/persistence-contract';
import type { KvChanges, KvKey } from '@state-server/persistence-records';
import { until } from '@state-server/testing';
import { GatedTransaction } from './buffer-gate';
import { KeySpace } from './key-space';
import { type FoundationDbMetrics, NO_METRICS } from './metrics';
import { scriptedKv, scriptedStore } from './testing/open-scripted.spec-support';
import { ScriptedBinding } from './testing/scripted-binding';

/* What the driver asks of its binding, seen by the double; it proves nothing about FoundationDB. */

const changes = (
  writes: readonly (readonly [KvKey, string | undefined])[],
  guards: readonly KvKey[] = [],
): KvChanges => ({
  label: 'spec',
  guards: [...guards, ...writes.map(([key]) => key)],
  writes: new Map(writes.map(([key, text]) => [key, text === undefined ? undefined : Buffer.from(text)])),
  bytes: 1,
});

describe('the gate before the binding (STORE-34)', () => {
  const NOT_BUFFERS: readonly unknown[] = [undefined, null, 7, 'text', new Uint8Array(2), [1], {}];

  it.each(NOT_BUFFERS.map((value) => [value]))(
    'lets %p through nowhere: a second one would end the process (STORE-34)',
    (value) => {
      const binding = new ScriptedBinding();
      const gate = new GatedTransaction(binding.open(), {});
      binding.calls.length = 0;
      const wrong = value as Buffer;
      const right = Buffer.from('k');
      const attempts: (() => unknown)[] = [
        () => gate.get(wrong),
        () => gate.range({ start: wrong, end: right, limit: 1, reverse: false }),
        () => gate.range({ start: right, end: wrong, limit: 1, reverse: false }),
        () => gate.set(wrong, right),
        () => gate.set(right, wrong),
        () => gate.clear(wrong),
        () => gate.validate(wrong),
        () => gate.claim(wrong),
      ];
      for (const attempt of attempts) expect(attempt).toThrow(TypeError);
      expect(binding.notBuffers).toBe(0);
      expect(binding.calls).toEqual([]);
    },
  );

  it('gets Buffers of whatever bytes the record layer writes (STORE-34)', async () => {
    const { binding, kv } = scriptedKv();
    const tx = await kv.begin();
    const inside = new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4);
    await tx.commit({ label: 'spec', guards: [], writes: new Map([['k', inside]]), bytes: 4 });
    const after = await kv.begin();
    expect([...((await after.get('k')) ?? [])]).toEqual([1, 2, 3]);
    after.abandon();
    expect(binding.notBuffers).toBe(0);
    await kv.close();
  });
});

describe('keys in the cluster (STORE-35)', () => {
  it('lie behind the tuple of the directory, and stores of two directories do not meet (STORE-35)', async () => {
    const first = new ScriptedBinding();
    const { store: one } = await scriptedStore({ directory: 'state-server/one' }, first);
    const { store: two } = await scriptedStore(
      { directory: 'state-server/two' },
      new ScriptedBinding(first.cluster),
    );
    for (const [store, value] of [
      [one, 1],
      [two, 2],
    ] as const)
      await store.transact({ label: 'spec' }, async (tx) => tx.put('meta', { key: 'x', value }));
    expect(await one.read({ label: 'spec' }, (tx) => tx.get('meta', ['x']))).toMatchObject({ value: 1 });
    const prefixes = ['\x02state-server\x00\x02one\x00', '\x02state-server\x00\x02two\x00'];
    const keys = first.cluster.storedKeys();
    expect(keys.every((key) => prefixes.some((prefix) => key.startsWith(prefix)))).toBe(true);
    await one.close();
    await two.close();
  });

  it('come back as they were, whatever their bytes (STORE-35)', () => {
    const keys = new KeySpace('a');
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
    expect(keys.toKey(keys.toBytes(all))).toBe(all);
    expect(keys.toBytes('\xfe\xff').compare(keys.fence)).toBe(-1);
  });
});

describe('a transaction on FoundationDB', () => {
  it('takes its snapshot when it begins, though it reads nothing (STORE-5, STORE-6, STORE-36)', async () => {
    const { kv } = scriptedKv();
    const [guarding, other] = [await kv.begin(), await kv.begin()];
    await until(() => Promise.resolve(true));
    await other.commit(changes([['k', 'other']]));
    await expect(guarding.commit(changes([['mine', 'x']], ['k']))).rejects.toMatchObject({
      name: 'KvConflict',
    });
    await kv.close();
  });

  it('that writes nothing is validated all the same: it claims a key that nobody guards (STORE-6, STORE-36)', async () => {
    const { binding, kv } = scriptedKv();
    const [guarding, other] = [await kv.begin(), await kv.begin()];
    await guarding.get('k');
    await other.commit(changes([['k', 'other']]));
    await expect(guarding.commit(changes([], ['k']))).rejects.toMatchObject({ name: 'KvConflict' });
    const [calm, calmToo] = [await kv.begin(), await kv.begin()];
    await calm.commit(changes([], ['k']));
    await calmToo.commit(changes([], ['k']));
    expect(binding.cluster.storedKeys()).toEqual([expect.stringMatching(/k$/)]);
    await kv.close();
  });

  it('reads a range in as many answers as the cluster gives, both ways (STORE-8, STORE-36)', async () => {
    const { kv } = scriptedKv();
    const names = Array.from({ length: 40 }, (_, place) => `k${String(place).padStart(2, '0')}`);
    await (await kv.begin()).commit(changes(names.map((name) => [name, name])));
    const tx = await kv.begin();
    const read = async (reverse: boolean, limit: number): Promise<KvKey[]> =>
      (await tx.range('k00', 'k99', { reverse, limit })).map(({ key }) => key);
    expect(await read(false, 1_000_000)).toEqual(names);
    expect(await read(true, 1_000_000)).toEqual([...names].reverse());
    expect(await read(false, 14)).toEqual(names.slice(0, 14));
    expect(await read(true, 15)).toEqual([...names].reverse().slice(0, 15));
    tx.abandon();
    await kv.close();
  });

  it('whose snapshot is lost with a fail-over is tried again as a whole (STORE-36)', async () => {
    const { binding, store } = await scriptedStore();
    let attempts = 0;
    await store.transact({ label: 'spec' }, async (tx) => {
      attempts += 1;
      await tx.get('meta', ['a']);
      if (attempts === 1) binding.cluster.loseSnapshots();
      await tx.get('meta', ['b']);
      tx.put('meta', { key: 'a', value: attempts });
    });
    expect(attempts).toBe(2);
    await store.close();
  });

  it('whose reads fail when nobody waits for them ends no process (STORE-31)', async () => {
    const unheard: unknown[] = [];
    const note = (reason: unknown): void => void unheard.push(reason);
    process.on('unhandledRejection', note);
    try {
      const { binding, kv } = scriptedKv();
      binding.next('get', { code: 1031 });
      binding.next('getRange', { code: 1007 });
      const [reading, unread] = [await kv.begin(), await kv.begin()];
      void reading.get('k');
      void reading.range('k', 'l', { reverse: false, limit: 1 });
      await until(() => binding.calls.includes('getRange'));
      binding.next('getReadVersion', { code: 1031 });
      (await kv.begin()).abandon();
      reading.abandon();
      unread.abandon();
      // Node looks for them when the microtasks are done, before the next timers.
      await new Promise((resolve) => setImmediate(() => setTimeout(resolve, 0)));
      await kv.close();
      expect(unheard).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('that is abandoned cancels what it waits for, and can be used no more (STORE-33)', async () => {
    const { binding, kv } = scriptedKv();
    binding.next('get', { silence: true });
    const tx = await kv.begin();
    const read = tx.get('k');
    await until(() => binding.calls.includes('get'));
    expect(tx.abandon()).toBe('stopped');
    await expect(read).rejects.toMatchObject({ code: 'unavailable' });
    expect(binding.cancelled).toBe(1);
    await expect(tx.get('k')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(tx.commit(changes([['k', 'x']]))).rejects.toMatchObject({ code: 'unavailable' });
    expect(tx.abandon()).toBe('stopped');
    await kv.close();
  });

  it('whose commit is under way cannot be stopped, is never cancelled, and closing waits for it (STORE-11, STORE-33)', async () => {
    const { binding, kv } = scriptedKv({ timeoutMs: 60 });
    binding.next('commit', { silence: true });
    const tx = await kv.begin();
    const commit = tx.commit(changes([['k', 'x']]));
    const settled = commit.catch((error: unknown) => error);
    await until(() => binding.calls.includes('commit'));
    expect(tx.abandon()).toBe('running');
    await kv.close();
    expect(await settled).toMatchObject({ name: 'KvOutcomeUnknown' });
    expect(binding.cancelled).toBe(0);
    expect(tx.abandon()).toBe('stopped');
  });

  it('keeps its deadline within 20 % before a cluster that is silent, at every call (STORE-11, STORE-33)', async () => {
    const { binding, store } = await scriptedStore();
    for (const [call, code] of [
      ['getReadVersion', 'deadline'],
      ['get', 'deadline'],
      ['commit', 'outcome_unknown'],
    ] as const) {
      binding.next(call, { silence: true });
      const started = performance.now();
      const run = store.transact({ label: 'spec', deadlineMs: 1_000 }, async (tx) => {
        await tx.get('meta', ['a']);
        tx.put('meta', { key: 'a', value: 1 });
      });
      await expect(run).rejects.toMatchObject({ code });
      const took = performance.now() - started;
      expect(took).toBeGreaterThan(990);
      expect(took).toBeLessThan(1_200);
    }
  });
});

describe('the driver of FoundationDB', () => {
  it('has so many transactions open at a time, and the others wait (STORE-37)', async () => {
    const counts: number[] = [];
    const metrics: FoundationDbMetrics = { ...NO_METRICS, open: (count) => counts.push(count) };
    const { kv } = scriptedKv({ maxOpen: 2, metrics });
    const [first, second] = [await kv.begin(), await kv.begin()];
    let third: Awaited<ReturnType<typeof kv.begin>> | undefined;
    const waiting = kv.begin().then((tx) => (third = tx));
    await first.get('k');
    expect(third).toBeUndefined();
    first.abandon();
    first.abandon();
    await waiting;
    expect(Math.max(...counts)).toBe(2);
    second.abandon();
    third?.abandon();
    expect(counts.at(-1)).toBe(0);
    await kv.close();
  });

  it('gives the memory of a large commit back at once, however it ended (STORE-37)', async () => {
    const { binding, kv } = scriptedKv();
    const large = { ...changes([['a', 'x']]), bytes: 100_000 };
    await (await kv.begin()).commit(changes([['a', 'x']]));
    expect(binding.reset).toBe(0);
    await (await kv.begin()).commit(large);
    binding.next('commit', { code: 1021 });
    await (await kv.begin()).commit(large).catch(() => undefined);
    expect(binding.reset).toBe(2);
    await kv.close();
  });

  it('fails those who wait when it is closed, and everybody after (STORE-37)', async () => {
    const { kv } = scriptedKv({ maxOpen: 1 });
    await kv.begin();
    const waiting = kv.begin();
    const refused = expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
    await kv.close();
    await refused;
    await expect(kv.begin()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(kv.check()).rejects.toMatchObject({ code: 'unavailable' });
    await kv.close();
  });

  it('says whether the cluster answers, once for all who ask at a time (STORE-38)', async () => {
    const { binding, kv } = scriptedKv();
    await Promise.all([kv.check(), kv.check()]);
    expect(binding.calls.filter((call) => call === 'get')).toHaveLength(1);
    for (const call of ['getReadVersion', 'get'] as const) {
      binding.next(call, { code: 1031 });
      await expect(kv.check()).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' });
      binding.next(call, { code: 1007 });
      await expect(kv.check()).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' });
    }
    binding.next('get', { code: 1038 });
    await expect(kv.check()).rejects.toThrow(/database_locked/);
    await kv.check();
    await kv.close();
  });

  it('tells its observer of snapshots, reads, commits, errors and questions asked again (STORE-39)', async () => {
    const told: string[] = [];
    const metrics: FoundationDbMetrics = {
      snapshot: (ms) => told.push(`snapshot ${ms >= 0}`),
      read: (kind, ms) => told.push(`${kind} ${ms >= 0}`),
      commit: (outcome, ms, bytes) => told.push(`${outcome} ${ms >= 0} ${bytes}`),
      askedAgain: (code) => told.push(`again ${code}`),
      error: (call, code) => told.push(`${call} ${code}`),
      open: () => undefined,
    };
    const { binding, kv } = scriptedKv({ metrics });
    binding.next('get', { code: 1009 });
    binding.next('commit', { code: 1020 }, { code: 1021 }, { code: 2101 }, { code: 1007 });
    const tx = await kv.begin();
    await tx.get('a');
    await tx.range('a', 'b', { reverse: false, limit: 1 });
    await tx.commit(changes([['a', 'x']])).catch(() => undefined);
    for (let times = 0; times < 4; times += 1)
      await (await kv.begin()).commit(changes([['a', 'x']])).catch(() => undefined);
    expect(told).toEqual([
      ...['snapshot true', 'again 1009', 'get true', 'range true', 'commit 1020', 'conflict true 1'],
      ...['snapshot true', 'commit 1021', 'unknown true 1'],
      ...['snapshot true', 'commit 2101', 'failed true 1'],
      ...['snapshot true', 'commit 1007', 'passing true 1'],
      ...['snapshot true', 'committed true 1'],
    ]);
    await kv.close();
  });

  it('logs what is worth a look, with the name of the error and of the transaction (STORE-39)', async () => {
    const lines: unknown[] = [];
    const log = { warn: (fields: object) => void lines.push(fields), error: () => undefined };
    const { binding, kv } = scriptedKv({ log, environment: contractEnvironment() });
    binding.next('commit', { code: 1021 });
    await (await kv.begin()).commit(changes([['a', 'x']])).catch(() => undefined);
    expect(lines).toEqual([expect.objectContaining({ call: 'commit', code: 1021, label: 'spec' })]);
    await kv.close();
  });
});
