import { createMemoryKv, type Fault } from '@state-server/persistence-memory';
import type { Documents, Store, Transaction } from '@state-server/persistence-port';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { KvOutcomeUnknown, type KvChanges, type KvTransaction, type OrderedKv } from './ordered-kv';
import { RecordStore } from './record-store';
import { soon } from './soon.spec-support';

const LABEL = { label: 'spec' };

const putCount = async (tx: Transaction): Promise<number> => {
  const value = Number((await tx.get('meta', ['count']))?.value ?? 0) + 1;
  tx.put('meta', { key: 'count', value });
  return value;
};
const countIn = async (store: Store): Promise<unknown> =>
  (await store.read(LABEL, (tx) => tx.get('meta', ['count'])))?.value;

function withFaults(faults: Fault[]): { environment: FakeEnvironment; store: Store } {
  const environment = createFakeEnvironment();
  const kv = createMemoryKv({ faults: { beforeCommit: () => faults.shift() } });
  return { environment, store: new RecordStore(kv, environment) };
}

describe('retries', () => {
  it('wait longer and longer with jitter, at most 250 ms, and 20 times (STORE-10)', async () => {
    const environment = createFakeEnvironment();
    const delays: number[] = [];
    const timers: FakeEnvironment['timers'] = {
      set: (ms, task) => {
        // Attempts' own limits are set as timers too; backoff never takes longer than its cap.
        if (ms <= 250) delays.push(ms);
        return environment.timers.set(ms, task);
      },
      clear: (handle) => environment.timers.clear(handle),
    };
    const kv = createMemoryKv({ faults: { beforeCommit: () => 'conflict' } });
    const store = new RecordStore(kv, { ...environment, timers });
    let attempts = 0;
    const run = store.transact({ ...LABEL, deadlineMs: 60_000 }, (tx) => {
      attempts += 1;
      return putCount(tx);
    });
    await expect(soon(environment, run)).rejects.toMatchObject({ code: 'conflict' });
    expect(attempts).toBe(21);
    expect(delays).toHaveLength(20);
    delays.forEach((ms, attempt) => expect(ms).toBeLessThanOrEqual(Math.min(250, 2 ** attempt)));
    expect(new Set(delays).size).toBeGreaterThan(8);
  });

  it('end at the deadline, before a wait that would pass it (STORE-11)', async () => {
    const { environment, store } = withFaults(Array.from({ length: 99 }, (): Fault => 'conflict'));
    const run = store.transact({ ...LABEL, deadlineMs: 300, maxRetries: 98 }, putCount);
    await expect(soon(environment, run)).rejects.toMatchObject({ code: 'deadline' });
    expect(environment.clock.monotonic()).toBeLessThanOrEqual(310);
  });

  it('give each attempt at most 5 s, whatever the deadline is (STORE-11)', async () => {
    const { environment, store } = withFaults([]);
    const forever = new Promise<void>(() => undefined);
    const run = store.transact({ ...LABEL, deadlineMs: 60_000 }, () => forever);
    await expect(soon(environment, run)).rejects.toMatchObject({ code: 'deadline' });
    expect(environment.clock.monotonic()).toBeLessThanOrEqual(5_010);
    expect(environment.pendingTimers).toBe(0);
  });

  it('leave no timer behind (STORE-11)', async () => {
    const { environment, store } = withFaults(['conflict']);
    await soon(environment, store.transact(LABEL, putCount));
    await store.read(LABEL, (tx) => tx.get('meta', ['count']));
    expect(environment.pendingTimers).toBe(0);
  });
});

/** Commits that are reported as unknown and reach the database later, if at all. */
class LateKv implements OrderedKv {
  readonly kind = 'late';
  readonly outcomeCanBeUnknown = true;
  private readonly kv = createMemoryKv();
  private late: (() => Promise<void>) | undefined;
  private postponed = 0;

  /** The first commit is held back until the next one comes, and then goes first. */
  begin(): KvTransaction {
    const inner = this.kv.begin();
    return {
      get: (key) => inner.get(key),
      range: (start, end, options) => inner.range(start, end, options),
      abandon: () => 'running',
      commit: (changes: KvChanges) => this.commit(inner, changes),
    };
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async commit(inner: KvTransaction, changes: KvChanges): Promise<void> {
    this.postponed += 1;
    if (this.postponed === 1) {
      this.late = () => inner.commit(changes);
      throw new KvOutcomeUnknown();
    }
    await this.late?.();
    this.late = undefined;
    await inner.commit(changes);
  }
}

describe('a commit of unknown outcome', () => {
  it('is found by its own record, also after conflicts, and its own result is given (STORE-12)', async () => {
    const { environment, store } = withFaults(['unknown_lost', 'conflict', 'unknown_committed', 'conflict']);
    let attempts = 0;
    const run = store.transact(LABEL, async (tx) => {
      attempts += 1;
      return `attempt ${attempts} wrote ${await putCount(tx)}`;
    });
    expect(await soon(environment, run)).toBe('attempt 3 wrote 1');
    expect(await countIn(store)).toBe(1);
  });

  it('that arrives late does not count twice: the retry loses to it (STORE-12)', async () => {
    const environment = createFakeEnvironment();
    const store = new RecordStore(new LateKv(), environment);
    let attempts = 0;
    const run = store.transact(LABEL, async (tx) => {
      attempts += 1;
      tx.put('meta', { key: `made by attempt ${attempts}`, value: true });
      return attempts;
    });
    expect(await soon(environment, run)).toBe(1);
    const made = await store.read(LABEL, (tx) => tx.range('meta', { prefix: [], limit: 9 }));
    expect(made.map(({ key }) => key)).toEqual(['made by attempt 1']);
  });

  it('is not contradicted by a refusal of the retry (STORE-12)', async () => {
    const environment = createFakeEnvironment();
    const store = new RecordStore(new LateKv(), environment);
    let attempts = 0;
    const run = store.transact(LABEL, async (tx) => {
      attempts += 1;
      if (attempts > 1) throw new Error('refused');
      return putCount(tx);
    });
    expect(await soon(environment, run)).toBe(1);
    expect(await countIn(store)).toBe(1);
  });

  it('lets a refusal stand once it is certain that nothing was committed (STORE-12)', async () => {
    const { environment, store } = withFaults(['unknown_lost', 'unknown_committed']);
    let attempts = 0;
    const run = store.transact(LABEL, async (tx) => {
      attempts += 1;
      await putCount(tx);
      if (attempts > 1) throw new Error('refused');
    });
    await expect(soon(environment, run)).rejects.toThrow('refused');
    expect(attempts).toBe(2);
    expect(await countIn(store)).toBeUndefined();
  });

  it('stays `outcome_unknown` when it cannot be found out (STORE-11)', async () => {
    const lost = Array.from({ length: 99 }, (): Fault => 'unknown_lost');
    const { environment, store } = withFaults(lost);
    const run = store.transact({ ...LABEL, maxRetries: 3 }, putCount);
    await expect(soon(environment, run)).rejects.toMatchObject({ code: 'outcome_unknown' });
    const away = withFaults(['unknown_lost', 'unavailable']);
    const second = away.store.transact(LABEL, putCount);
    await expect(soon(away.environment, second)).rejects.toMatchObject({ code: 'outcome_unknown' });
  });

  it('writes no record of its own for a transaction that only guards (STORE-12)', async () => {
    const { store } = withFaults([]);
    await store.transact(LABEL, async (tx) => tx.guard('meta', ['count']));
    expect(await store.read(LABEL, (tx) => tx.range('transactions', { prefix: [], limit: 9 }))).toEqual([]);
  });

  it('keeps that record for an hour (STORE-12)', async () => {
    const { environment, store } = withFaults([]);
    await store.transact(LABEL, putCount);
    const [own] = await store.read(LABEL, (tx) => tx.range('transactions', { prefix: [], limit: 9 }));
    expect(own?.expires_at).toBe(new Date(environment.clock.now() + 3_600_000).toISOString());
  });
});

describe('a commit that is still running when time is up', () => {
  const hanging = (outcomeCanBeUnknown: boolean, commit: () => Promise<void>): OrderedKv => ({
    kind: 'hanging',
    outcomeCanBeUnknown,
    begin: () => ({ get: () => undefined, range: () => [], commit, abandon: () => 'running' }),
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });

  it('is `outcome_unknown`, never `deadline` (STORE-11)', async () => {
    const environment = createFakeEnvironment();
    const never = new Promise<void>(() => undefined);
    const store = new RecordStore(
      hanging(false, () => never),
      environment,
    );
    const run = store.transact({ ...LABEL, deadlineMs: 100 }, putCount);
    await expect(soon(environment, run)).rejects.toMatchObject({ code: 'outcome_unknown' });
  });

  it('is not tried again where no record of its own would tell (STORE-12)', async () => {
    const environment = createFakeEnvironment();
    let commits = 0;
    const fails = (): Promise<void> => {
      commits += 1;
      return Promise.reject(new KvOutcomeUnknown());
    };
    const store = new RecordStore(hanging(false, fails), environment);
    const run = store.transact(LABEL, putCount);
    await expect(soon(environment, run)).rejects.toMatchObject({ code: 'outcome_unknown' });
    expect(commits).toBe(1);
  });
});

describe('what a document leaves behind', () => {
  it('is nothing: no chunk, no index entry, no record (STORE-1)', async () => {
    const kv = createMemoryKv();
    const store = new RecordStore(kv, createFakeEnvironment());
    const keysLeft = async (): Promise<number> => {
      const tx = kv.begin();
      return (await tx.range('', '\xff', { reverse: false, limit: 99 })).length;
    };
    const put = (bytes: number): Promise<void> =>
      store.transact(LABEL, async (tx) => tx.put('meta', { key: 'large', value: new Uint8Array(bytes) }));
    await put(450_000);
    expect(await keysLeft()).toBe(6);
    await put(250_000);
    expect(await keysLeft()).toBe(4);
    await put(10);
    expect(await keysLeft()).toBe(1);
    await put(250_000);
    await store.transact(LABEL, async (tx) => tx.delete('meta', ['large']));
    expect(await keysLeft()).toBe(0);
    const user = {
      brane_id: 'b',
      user_id: 'u',
      role: 'owner',
      since: '2026',
    } as unknown as Documents['members'];
    await store.transact(LABEL, async (tx) => tx.put('members', user));
    expect(await keysLeft()).toBe(2);
    await store.transact(LABEL, async (tx) => tx.delete('members', ['b', 'u']));
    expect(await keysLeft()).toBe(0);
  });
});
