import { createMemoryKv, createMemoryStore, type MemoryKv } from '@state-server/persistence-memory';
import { StoreError } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { inspectRecords, type Inspection, type RecordFault } from './inspect-records';
import { KvTransient, type KvTransaction, type MaybePromise, type OrderedKv } from './ordered-kv';

const away = (): StoreError => new StoreError('unavailable', 'away');
const COUNT = 40;

/** As behind a network: each snapshot answers so many reads and is lost then; `how` it says so. */
function losingSnapshots(kv: MemoryKv, reads: number, how: () => Error): OrderedKv {
  return {
    kind: 'remote',
    outcomeCanBeUnknown: true,
    isRemote: true,
    begin: (): Promise<KvTransaction> => {
      const tx = kv.begin();
      let left = reads;
      const answer = async <T>(value: MaybePromise<T>): Promise<T> => {
        left -= 1;
        if (left < 0) throw how();
        return value;
      };
      return Promise.resolve({
        get: (key) => answer(tx.get(key)),
        range: (start, end, options) => answer(tx.range(start, end, options)),
        commit: (changes) => tx.commit(changes),
        abandon: () => tx.abandon(),
      });
    },
    check: () => kv.check(),
    close: () => kv.close(),
  };
}

interface Found {
  readonly inspection: Inspection;
  readonly faults: readonly RecordFault[];
  readonly records: number;
}

async function inspect(kv: OrderedKv): Promise<Found> {
  const faults: RecordFault[] = [];
  let records = 0;
  const inspection = await inspectRecords(kv, {
    onFault: (fault) => faults.push(fault),
    onRecord: () => (records += 1),
  });
  return { inspection, faults, records };
}

async function filled(): Promise<MemoryKv> {
  const kv = createMemoryKv();
  const store = createMemoryStore({ environment: createFakeEnvironment(), kv });
  for (let place = 0; place < COUNT; place += 1) {
    await store.transact({ label: 'spec' }, async (tx) => {
      tx.put('meta', { key: `m${place}`, value: place });
      const expires_at = new Date(place).toISOString();
      tx.put('transactions', { id: `t${place}`, attempt: 0, expires_at });
    });
  }
  return kv;
}

describe('an inspection of a store behind a network', () => {
  it.each([
    ['lost', () => new KvTransient(away())],
    ['out of its time', away],
  ])(
    'goes on in a fresh snapshot where one is %s, and finds what it finds at once (STORE-36)',
    async (_how, how) => {
      const kv = await filled();
      const calm = await inspect(kv);
      expect(calm.records).toBe(2 * COUNT);
      expect(calm.faults).toEqual([]);
      for (const reads of [4, 5, 7, 30]) expect(await inspect(losingSnapshots(kv, reads, how))).toEqual(calm);
    },
  );

  it('tells of each fault once, wherever a snapshot is lost (STORE-36)', async () => {
    const kv = await filled();
    const tx = kv.begin();
    const entries = await tx.range('\x01', '\xff', { reverse: false, limit: 1_000 });
    const spoiled = entries
      .filter((_entry, place) => place % 3 === 0)
      .map(({ key, value }) => {
        const copy = Buffer.from(value);
        copy.writeUInt8(copy.readUInt8(copy.byteLength - 6) ^ 1, copy.byteLength - 6);
        return [key, copy] as const;
      });
    await tx.commit({ label: 'spec', guards: [], writes: new Map(spoiled), bytes: 0 });
    const calm = await inspect(kv);
    expect(calm.faults.length).toBeGreaterThan(20);
    for (const reads of [4, 5, 7]) {
      expect(await inspect(losingSnapshots(kv, reads, () => new KvTransient(away())))).toEqual(calm);
    }
  });

  it('ends with the reason where it comes no further, and calls nothing damaged (STORE-36)', async () => {
    const kv = await filled();
    const hopeless = losingSnapshots(kv, 1, () => new KvTransient(away()));
    await expect(inspect(hopeless)).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' });
  });
});
