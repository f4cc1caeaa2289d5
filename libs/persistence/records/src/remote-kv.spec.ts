import { createMemoryKv } from '@state-server/persistence-memory';
import { StoreError, type Store, type Transaction } from '@state-server/persistence-port';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { KvConflict, KvTransient, type KvTransaction, type OrderedKv } from './ordered-kv';
import { RecordStore } from './record-store';
import { soon } from './soon.spec-support';

const LABEL = { label: 'spec' };
const away = (): KvTransient => new KvTransient(new StoreError('unavailable', 'the connection was lost'));

/** A database behind a network: reads and confirmations fail as they are told to. */
class RemoteKv implements OrderedKv {
  readonly kind = 'remote';
  readonly outcomeCanBeUnknown = true;
  readonly isRemote = true;
  readonly begun: boolean[] = [];
  readonly calls: string[] = [];
  reads: (Error | undefined)[] = [];
  confirmations: (Error | undefined)[] = [];
  private readonly kv = createMemoryKv();

  async begin(options?: { readonly readOnly?: boolean }): Promise<KvTransaction> {
    this.begun.push(options?.readOnly ?? false);
    const inner = this.kv.begin();
    return {
      get: async (key) => {
        this.calls.push('get');
        const fault = this.reads.shift();
        if (fault) throw fault;
        return inner.get(key);
      },
      range: async (start, end, options) => inner.range(start, end, options),
      commit: (changes) => {
        this.calls.push('commit');
        return inner.commit(changes);
      },
      confirm: async () => {
        this.calls.push('confirm');
        const fault = this.confirmations.shift();
        if (fault) throw fault;
      },
      abandon: () => inner.abandon(),
    };
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function remote(): { kv: RemoteKv; store: Store; environment: FakeEnvironment } {
  const [kv, environment] = [new RemoteKv(), createFakeEnvironment()];
  return { kv, store: new RecordStore(kv, environment), environment };
}

const count = async (tx: Transaction): Promise<number> => {
  const next = Number((await tx.get('meta', ['n']))?.value ?? 0) + 1;
  tx.put('meta', { key: 'n', value: next });
  return next;
};

describe('a read that fails for a passing reason', () => {
  it.each([away(), new KvConflict()])('makes a fresh attempt: %s (STORE-10)', async (fault) => {
    const { kv, store, environment } = remote();
    kv.reads = [fault, undefined, fault];
    expect(await soon(environment, store.transact(LABEL, count))).toBe(1);
    expect(kv.calls.filter((call) => call === 'commit')).toHaveLength(1);
  });

  it('says what it was when no attempt is left, not that another writer won (STORE-10)', async () => {
    const { kv, store, environment } = remote();
    kv.reads = [away(), away(), away()];
    const run = store.transact({ ...LABEL, maxRetries: 2 }, count);
    await expect(soon(environment, run)).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' });
  });

  it('is a StoreError to who only reads, which is not tried again (STORE-10)', async () => {
    const { kv, store } = remote();
    kv.reads = [away()];
    const read = (): Promise<unknown> => store.read(LABEL, (tx) => tx.get('meta', ['n']));
    await expect(read()).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' });
    kv.reads = [new KvConflict()];
    await expect(read()).rejects.toMatchObject({ name: 'StoreError', code: 'conflict' });
  });
});

describe('what is read and nothing written', () => {
  it('is confirmed before anybody hears of it, a refusal too (STORE-2, STORE-42)', async () => {
    const { kv, store, environment } = remote();
    await store.read(LABEL, (tx) => tx.get('meta', ['n']));
    expect(kv.calls).toEqual(['get', 'confirm']);
    expect(kv.begun).toEqual([true]);
    kv.calls.length = 0;
    const refused = store.transact(LABEL, async (tx) => {
      await count(tx);
      throw new Error('the rule says no');
    });
    await expect(soon(environment, refused)).rejects.toThrow('the rule says no');
    expect(kv.calls).toEqual(['get', 'confirm']);
    expect(kv.begun).toEqual([true, false]);
  });

  it('is read again where it cannot be confirmed (STORE-2)', async () => {
    const { kv, store, environment } = remote();
    kv.confirmations = [away()];
    let attempts = 0;
    const run = store.transact(LABEL, async (tx) => {
      attempts += 1;
      await tx.get('meta', ['n']);
    });
    await soon(environment, run);
    expect(attempts).toBe(2);
    kv.confirmations = [away()];
    await expect(store.read(LABEL, (tx) => tx.get('meta', ['n']))).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  it('needs no confirmation where something is committed (STORE-2)', async () => {
    const { kv, store, environment } = remote();
    await soon(environment, store.transact(LABEL, count));
    expect(kv.calls.at(-1)).toBe('commit');
    expect(kv.calls).not.toContain('confirm');
  });

  it('is not asked for at once where nothing is ever answered at once (STORE-2)', async () => {
    const { kv, store } = remote();
    await store.readSteps?.(LABEL, function* (reader) {
      return yield* reader.get('meta', ['n']);
    });
    expect(kv.calls).toEqual(['get', 'confirm']);
  });
});
