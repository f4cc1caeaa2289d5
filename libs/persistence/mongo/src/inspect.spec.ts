import { contractEnvironment } from '@state-server/persistence-contract';
import type { Documents, Store } from '@state-server/persistence-port';
import {
  inspectRecords,
  openRecordStore,
  type RecordFault,
  rewriteIndexEntry,
} from '@state-server/persistence-records';
import { MongoKv } from './mongo-kv';
import type { StoredDocument } from './stored-document';
import { MemoryDatabase } from './testing/memory-driver';

/** A store with records, entries of indexes and chunks, on MongoDB's rules in memory. */
async function filled(): Promise<{ database: MemoryDatabase; kv: MongoKv; store: Store }> {
  const database = new MemoryDatabase();
  const kv = new MongoKv(database.driver());
  const store = await openRecordStore(kv, contractEnvironment());
  await store.transact({ label: 'spec' }, async (tx) => {
    for (const user_id of ['ada', 'bob', 'cyd']) {
      tx.put('members', { brane_id: 'town', user_id, role: 'viewer', since: 's' } as Documents['members']);
    }
    const frame = new Uint8Array(250_000);
    tx.put('log', { brane_id: 'town', seq: 1, frame } as unknown as Documents['log']);
    tx.put('log', { brane_id: 'town', seq: 2, frame } as unknown as Documents['log']);
  });
  return { database, kv, store };
}

async function faultsOf(kv: MongoKv): Promise<RecordFault[]> {
  const faults: RecordFault[] = [];
  await inspectRecords(kv, { onFault: (fault) => faults.push(fault) });
  return faults;
}

function change(
  database: MemoryDatabase,
  place: RegExp,
  how: (document: StoredDocument) => StoredDocument,
): void {
  const found = [...database.committed].find(([each]) => place.test(each));
  if (!found) throw new Error('there is no such document');
  database.committed = new Map([...database.committed, [found[0], how(found[1])]]);
}

/** The same field with its last letter changed. */
const spoilt = (text: unknown): string => `${String(text).slice(0, -1)}?`;

describe('the walk of all keys', () => {
  it('finds every record, entry and chunk once, and nothing wrong, page by page (STORE-46)', async () => {
    const { kv } = await filled();
    const faults: RecordFault[] = [];
    const { usage } = await inspectRecords(kv, { onFault: (fault) => faults.push(fault) });
    expect(faults).toEqual([]);
    const of = (name: string): unknown => usage.find(({ collection }) => collection === name);
    expect(of('members')).toMatchObject({ records: 3, indexEntries: 3, chunks: 0 });
    expect(of('log')).toMatchObject({ records: 2, indexEntries: 0, chunks: 6 });
  });

  it.each([1, 2, 3])(
    'goes on where a page of %i keys ended, in either direction (STORE-46)',
    async (limit) => {
      const { kv } = await filled();
      const all = async (page: number, reverse: boolean): Promise<string[]> => {
        const keys: string[] = [];
        for (let [start, end] = ['\x01', '\xff']; ;) {
          const tx = await kv.begin();
          const found = await tx.range(start, end, { reverse, limit: page });
          tx.abandon();
          keys.push(...found.map(({ key }) => key));
          const last = found.at(-1)?.key;
          if (last === undefined || found.length < page) return keys;
          if (reverse) end = last;
          else start = `${last}\x00`;
        }
      };
      const whole = await all(1_000, false);
      expect(new Set(whole).size).toBe(whole.length);
      expect([...whole].sort()).toEqual(whole);
      expect(await all(limit, false)).toEqual(whole);
      expect((await all(limit, true)).reverse()).toEqual(whole);
    },
  );

  it('finds an entry that says something else, or stands at another record (STORE-46, P3)', async () => {
    const { database, kv } = await filled();
    change(database, /^members\/.*ada/, (document) => ({
      ...document,
      by_user: spoilt(document['by_user']),
    }));
    expect(await faultsOf(kv)).toMatchObject([{ kind: 'checksum', space: 'members.by_user' }]);
    const bobs = [...database.committed].find(([place]) => /^members\/.*bob/.test(place))?.[1]['by_user'];
    change(database, /^members\/.*ada/, (document) => ({ ...document, by_user: bobs }));
    const kinds = (await faultsOf(kv)).map(({ kind, space }) => `${kind} ${space}`);
    expect(kinds).toContain('checksum members.by_user');
    expect(kinds).toContain('index_missing members.by_user');
  });

  it('finds a record that has no entry, which can be written anew (STORE-46)', async () => {
    const { database, kv } = await filled();
    change(database, /^members\/.*cyd/, ({ by_user: _, ...document }) => document);
    const [fault, ...more] = await faultsOf(kv);
    expect(more).toEqual([]);
    expect(fault).toMatchObject({ kind: 'index_missing', space: 'members.by_user' });
    expect(await rewriteIndexEntry(kv, 'members', fault?.key ?? '')).toBe(true);
    expect(await faultsOf(kv)).toEqual([]);
  });

  it('finds a chunk that is absent, and one that no record has (STORE-46, P3)', async () => {
    const { database, kv } = await filled();
    change(database, /^log\//, (document) => ({
      ...document,
      _chunks: { ...document._chunks, 7: new Uint8Array(9) },
    }));
    const kinds = (await faultsOf(kv)).map(({ kind }) => kind);
    expect(kinds).toEqual(['checksum']);
    change(database, /^log\//, (document) => ({ ...document, _chunks: {} }));
    expect(await faultsOf(kv)).toMatchObject([{ kind: 'checksum', space: 'log' }]);
  });
});
