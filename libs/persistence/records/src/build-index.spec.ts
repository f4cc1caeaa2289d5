import { asBraneId, asUserId } from '@state-server/domain';
import { createMemoryKv, type MemoryKv } from '@state-server/persistence-memory';
import type { MemberDoc } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { buildIndex } from './build-index';
import { buildIndexes, openRecordStore, planUpgrade } from './format';
import { inspectRecords, type RecordFault } from './inspect-records';
import { layoutOf } from './layout';
import { KvConflict, type KvKey, type OrderedKv } from './ordered-kv';
import { RecordStore } from './record-store';
import { soon } from './soon.spec-support';

const LABEL = { label: 'spec' };
const BY_USER = { collection: 'members', index: 'by_user' } as const;
const RECORDS = 1_000;
const MEMBERS = layoutOf('members');
const BY_USER_PREFIX = MEMBERS.indexes[0]?.prefix ?? '';
const environment = createFakeEnvironment();

const member = (place: number, role: MemberDoc['role'] = 'viewer'): MemberDoc => ({
  brane_id: asBraneId(`brane ${place % 7}`),
  user_id: asUserId(`user ${String(place).padStart(4, '0')}`),
  role,
  since: '2026-01-01T00:00:00.000Z',
});

async function entriesOf(kv: OrderedKv): Promise<readonly KvKey[]> {
  const tx = await kv.begin();
  const range = { reverse: false, limit: 10 * RECORDS };
  const keys = (await tx.range(BY_USER_PREFIX, `${BY_USER_PREFIX}\xff`, range)).map(({ key }) => key);
  tx.abandon();
  return keys;
}

/** Members as a version left them that had no such index. */
async function oldKv(options: Parameters<typeof createMemoryKv>[0] = {}): Promise<MemoryKv> {
  const kv = createMemoryKv(options);
  const store = await openRecordStore(kv, environment, { version: 1, migrations: [] });
  for (let from = 0; from < RECORDS; from += 500) {
    await store.transact(LABEL, async (tx) => {
      for (let place = from; place < from + 500; place += 1) tx.put('members', member(place));
    });
  }
  await dropIndex(kv);
  return kv;
}

async function dropIndex(kv: OrderedKv): Promise<void> {
  const keys = await entriesOf(kv);
  const tx = await kv.begin();
  const writes = new Map(keys.map((key) => [key, undefined] as const));
  await tx.commit({ label: 'spec.drop', guards: [], writes, bytes: 0 });
  expect(await entriesOf(kv)).toEqual([]);
}

async function faultsOf(kv: OrderedKv): Promise<RecordFault[]> {
  const faults: RecordFault[] = [];
  await inspectRecords(kv, { onFault: (fault) => faults.push(fault) });
  return faults;
}

/** The KV, killed at the n-th commit of the build: nothing after it happens. */
function killedAt(kv: OrderedKv, commit: number): { readonly kv: OrderedKv; readonly commits: () => number } {
  let commits = 0;
  const killed: OrderedKv = {
    kind: kv.kind,
    outcomeCanBeUnknown: kv.outcomeCanBeUnknown,
    check: () => kv.check(),
    close: () => kv.close(),
    begin: async () => {
      const tx = await kv.begin();
      return {
        get: (key) => tx.get(key),
        range: (start, end, options) => tx.range(start, end, options),
        abandon: () => tx.abandon(),
        commit: (changes) => {
          commits += 1;
          expect(changes.writes.size).toBeLessThanOrEqual(51);
          return commits > commit ? Promise.reject(new Error('killed')) : tx.commit(changes);
        },
      };
    },
  };
  return { kv: killed, commits: () => commits };
}

describe('an index that is built over data (STORE-26)', () => {
  it('is whole after an upgrade that was killed at every one of its transactions, and begins none anew', async () => {
    const kv = await oldKv();
    for (let life = 0; life < 19; life += 1) {
      const one = killedAt(kv, 1);
      await expect(buildIndex(one.kv, environment, BY_USER, { page: 50 })).rejects.toThrow('killed');
    }
    const last = killedAt(kv, 9);
    expect(await buildIndex(last.kv, environment, BY_USER, { page: 50 })).toBe(RECORDS);
    // 20 pages of 50, and the empty one behind them.
    expect(last.commits()).toBe(2);
    expect(await entriesOf(kv)).toHaveLength(RECORDS);
    expect(await faultsOf(kv)).toEqual([]);
  });

  it('is shared by two processes that build it at once, and by one whose commits conflict', async () => {
    let lose = 0;
    const kv = await oldKv({
      faults: {
        beforeCommit: (label) => (label === 'store.build_index' && lose++ % 3 === 0 ? 'conflict' : undefined),
      },
    });
    const build = () => buildIndex(kv, environment, BY_USER, { page: 50 });
    expect(await soon(environment, Promise.all([build(), build()]))).toEqual([RECORDS, RECORDS]);
    expect(await faultsOf(kv)).toEqual([]);
  });

  it('goes on when nobody knows whether a page of it was committed', async () => {
    let turn = 0;
    const outcomes = ['unknown_committed', 'unknown_lost', undefined] as const;
    const kv = await oldKv({
      faults: {
        beforeCommit: (label) => (label === 'store.build_index' ? outcomes[turn++ % 3] : undefined),
      },
    });
    expect(await soon(environment, buildIndex(kv, environment, BY_USER, { page: 50 }))).toBe(RECORDS);
    expect(await faultsOf(kv)).toEqual([]);
  });

  it('leaves no entry of a record that changes in the middle of a page', async () => {
    const kv = await oldKv();
    const store = new RecordStore(kv, environment);
    let changed = false;
    const meddled: OrderedKv = {
      kind: 'memory',
      outcomeCanBeUnknown: false,
      check: () => kv.check(),
      close: () => kv.close(),
      begin: async () => {
        const tx = kv.begin();
        return {
          get: (key) => tx.get(key),
          range: (start, end, options) => tx.range(start, end, options),
          abandon: () => tx.abandon(),
          commit: async (changes) => {
            if (!changed) {
              changed = true;
              await store.transact(LABEL, async (own) => {
                own.delete('members', ['brane 0', 'user 0000']);
              });
              await expect(tx.commit(changes)).rejects.toBeInstanceOf(KvConflict);
              throw new KvConflict();
            }
            return tx.commit(changes);
          },
        };
      },
    };
    const built = await soon(environment, buildIndex(meddled, environment, BY_USER, { page: 50 }));
    expect(built).toBe(RECORDS - 1);
    expect(await faultsOf(kv)).toEqual([]);
  });

  it('leaves out a record that fails its checksum, and is built from all others', async () => {
    const kv = await oldKv();
    const tx = kv.begin();
    const [victim] = await tx.range(MEMBERS.primary.prefix, `${MEMBERS.primary.prefix}\xff`, {
      reverse: false,
      limit: 1,
    });
    const spoiled = Uint8Array.from(victim?.value ?? []);
    spoiled[12] = (spoiled[12] ?? 0) ^ 1;
    const writes = new Map([[victim?.key ?? '', spoiled]]);
    await tx.commit({ label: 'spec.spoil', guards: [], writes, bytes: 0 });
    expect(await buildIndex(kv, environment, BY_USER)).toBe(RECORDS);
    expect(await entriesOf(kv)).toHaveLength(RECORDS - 1);
    expect((await faultsOf(kv)).map(({ kind }) => kind)).toEqual(['checksum']);
  });

  it('is a step of an upgrade, told beforehand, with its progress, and leaves no trace of it (STORE-15)', async () => {
    const kv = await oldKv();
    const migrations = [buildIndexes(1, [BY_USER, { collection: 'jobs', index: 'by_user' }])];
    const older = new RecordStore(kv, environment);
    const plan = await planUpgrade(older, { version: 2, migrations });
    expect(plan).toMatchObject({ found: 1, version: 2, begun: false });
    expect(plan.steps.map(({ summary }) => summary)).toEqual([
      'builds the indexes members.by_user, jobs.by_user',
    ]);
    expect(await entriesOf(kv)).toEqual([]);
    const seen: string[] = [];
    const store = await openRecordStore(kv, environment, {
      ...{ version: 2, migrations },
      onStep: ({ summary }) => seen.push(summary),
      onIndex: (name, records) => seen.push(`${name} ${records}`),
    });
    expect(seen).toEqual([
      'builds the indexes members.by_user, jobs.by_user',
      ...[200, 400, 600, 800, 1_000].map((records) => `members.by_user ${records}`),
    ]);
    const mine = await store.read(LABEL, (tx) =>
      tx.range('members', { index: 'by_user', prefix: ['user 0123'], limit: 9 }),
    );
    expect(mine).toEqual([member(123)]);
    expect(await store.read(LABEL, (tx) => tx.get('meta', ['upgrade']))).toBeUndefined();
    expect(await planUpgrade(store, { version: 2, migrations })).toMatchObject({ found: 2, steps: [] });
  });
});
