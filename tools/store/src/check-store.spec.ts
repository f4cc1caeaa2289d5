import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSnapshot } from '@state-server/commit';
import type { BraneId } from '@state-server/domain';
import { LmdbKv, openLmdbStore } from '@state-server/persistence-lmdb';
import { FORMAT_VERSION, type ObjectDoc, type Store, type Transaction } from '@state-server/persistence-port';
import type { KvKey } from '@state-server/persistence-records';
import { backupStore, prepareRestore, putInPlace } from './backup-store';
import { checkStore, type Fault } from './check-store';
import { environment } from './environment';
import { repairStore } from './repair-store';
import { type FilledStore, fillStore } from './testing/filled-store';

const LABEL = { label: 'spec' };

describe('store check (STORE-18, P3)', () => {
  let folder: string;
  let filled: FilledStore;
  let brane: BraneId;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'store-check-'));
    filled = await fillStore({ path: join(folder, 'store') });
    brane = filled.branes[0] as BraneId;
  });
  afterEach(async () => {
    await filled.store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const faultsOf = async (path = filled.path): Promise<Fault[]> => {
    const faults: Fault[] = [];
    await checkStore({ path, onFault: (fault) => faults.push(fault) });
    return faults;
  };
  const change = (work: (tx: Transaction) => Promise<void>): Promise<void> =>
    filled.store.transact(LABEL, work);
  const reopen = async (): Promise<Store> => {
    const store = await openLmdbStore({ path: filled.path, environment });
    filled = { ...filled, store };
    return store;
  };
  const objectsIn = (store: Store): Promise<ObjectDoc[]> =>
    store.read(LABEL, (tx) => tx.range('objects', { prefix: [brane], limit: 1_000 }));
  const aBlock = async (): Promise<ObjectDoc> => {
    const found = (await objectsIn(filled.store)).find(({ object }) => object.kind === 'block');
    if (!found) throw new Error('the filled store has no block');
    return found;
  };
  /** Changes stored bytes behind the back of everything. */
  const tamper = async (
    find: (key: KvKey, value: Uint8Array) => boolean,
    make: 'flip' | 'remove',
  ): Promise<void> => {
    const kv = new LmdbKv({ path: filled.path, environment });
    const tx = await kv.begin();
    const entries = await tx.range('\x01', '\xff', { reverse: false, limit: 100_000 });
    const hit = entries.find(({ key, value }) => find(key, value));
    if (!hit) throw new Error('nothing to tamper with');
    const flipped = Uint8Array.from(hit.value);
    const at = flipped.length >> 1;
    flipped[at] = (flipped[at] ?? 0) ^ 4;
    const writes = new Map([[hit.key, make === 'flip' ? flipped : undefined]]);
    await tx.commit({ label: 'tamper', guards: [], writes, bytes: 0 });
    await kv.close();
  };

  it('finds nothing in a good store, and says what is in it', async () => {
    const report = await checkStore({ path: filled.path, onFault: (fault) => expect(fault).toBeUndefined() });
    expect(report.branes).toHaveLength(3);
    expect(report.branes.every(({ replayed, seq, entries }) => replayed && seq === entries)).toBe(true);
    expect(report.usage.find(({ collection }) => collection === 'log')?.records).toBe(
      report.branes.reduce((sum, { entries }) => sum + entries, 0),
    );
    expect(report).toMatchObject({ kind: 'lmdb', format: FORMAT_VERSION });
  });

  it('names a record, an index entry and a log entry whose bytes have changed', async () => {
    const block = await aBlock();
    await tamper((key) => key.startsWith('\x0d\x00') && key.includes(block.id), 'flip');
    const byId = await faultsOf();
    expect(byId).toContainEqual(
      expect.objectContaining({ kind: 'checksum', record: expect.stringContaining(block.id) as string }),
    );
    expect(byId).toContainEqual(expect.objectContaining({ kind: 'object', brane }));
    await tamper((key) => key.startsWith('\x0d\x01') && key.includes(filled.branes[1] as string), 'flip');
    expect(await faultsOf()).toContainEqual(
      expect.objectContaining({
        kind: 'checksum',
        record: expect.stringContaining('objects.by_parent') as string,
      }),
    );
    await tamper((key) => key.startsWith('\x10\x00') && key.includes(filled.branes[2] as string), 'flip');
    expect(await faultsOf()).toContainEqual(
      expect.objectContaining({ kind: 'log', brane: filled.branes[2] }),
    );
  });

  it.each<[string, string, (tx: Transaction, block: ObjectDoc) => void | Promise<void>]>([
    [
      'an object that is not what the log makes',
      'object',
      (tx, doc) => tx.put('objects', { ...doc, object: { ...doc.object, name: 'forged' } }),
    ],
    ['an object that is gone', 'object', (tx, doc) => tx.delete('objects', [doc.brane_id, doc.id])],
    [
      'a place in space that is gone',
      'space',
      (tx, { cell: [x, y, z, level], brane_id, id }) => tx.delete('space', [brane_id, level, x, y, z, id]),
    ],
    [
      'a place in space of nobody',
      'space',
      (tx, { brane_id, id }) => tx.put('space', { brane_id, id, level: 9, x: 9, y: 9, z: 9 }),
    ],
    ['an id that is free again', 'object_id', (tx, { id }) => tx.delete('object_ids', [id])],
    ['a log with a hole', 'log', (tx, { brane_id }) => tx.delete('log', [brane_id, 5])],
    [
      'an op id that is forgotten early',
      'op_result',
      async (tx, { brane_id }) => {
        const [doc] = await tx.range('op_results', { prefix: [brane_id], limit: 1 });
        if (doc) tx.delete('op_results', [doc.brane_id, doc.user_id, doc.op_id]);
      },
    ],
    [
      'a head behind its log',
      'head',
      async (tx, { brane_id }) => {
        const head = await tx.get('heads', [brane_id]);
        if (head) tx.put('heads', { ...head, seq: head.seq - 1 });
      },
    ],
    [
      'a member whom the log does not know',
      'meta',
      (tx, { brane_id, id }) =>
        tx.put('members', {
          brane_id,
          user_id: id as never,
          role: 'owner',
          since: '2026-01-01T00:00:00.000Z',
        }),
    ],
  ])('finds %s', async (_what, kind, damage) => {
    const block = await aBlock();
    await change(async (tx) => damage(tx, block));
    expect(await faultsOf()).toContainEqual(expect.objectContaining({ kind, brane }));
  });

  it('finds records of a brane that has no head, and an index without its entry', async () => {
    await change(async (tx) => tx.delete('heads', [brane]));
    expect(await faultsOf()).toContainEqual(
      expect.objectContaining({ kind: 'head', record: expect.stringContaining(brane) as string }),
    );
    await tamper((key) => key.startsWith('\x0d\x01') && key.includes(filled.branes[1] as string), 'remove');
    expect(await faultsOf()).toContainEqual(expect.objectContaining({ kind: 'index_missing' }));
  });

  it('repairs objects, places, ids, members and indexes from the log (STORE-19)', async () => {
    const good = await objectsIn(filled.store);
    const [first, second, third] = good.filter(({ object }) => object.kind === 'block');
    if (!first || !second || !third) throw new Error('too few blocks');
    await tamper((key) => key.startsWith('\x0d\x00') && key.includes(first.id), 'flip');
    await tamper((key) => key.startsWith('\x0d\x01') && key.includes(second.id), 'flip');
    await change(async (tx) => {
      tx.delete('objects', [brane, second.id]);
      tx.put('objects', { ...third, order: 'zz', object: { ...third.object, order: 'zz', name: 'forged' } });
      tx.delete('object_ids', [third.id]);
      tx.put('space', { brane_id: brane, id: third.id, level: 9, x: 9, y: 9, z: 9 });
      tx.delete('members', [brane, filled.owner]);
    });
    expect(await faultsOf()).not.toEqual([]);
    await filled.store.close();
    const repaired = await repairStore(filled.path, brane);
    expect(repaired.faults.length).toBeGreaterThan(0);
    expect(await faultsOf()).toEqual([]);
    await reopen();
    expect(await objectsIn(filled.store)).toEqual(good);
  });

  it('repairs nothing where the log has a hole, and says so (STORE-19)', async () => {
    await change(async (tx) => {
      tx.delete('log', [brane, 5]);
      tx.delete('object_ids', [(await aBlock()).id]);
    });
    const before = await faultsOf();
    await expect(repairStore(filled.path, brane)).rejects.toThrow('restore a backup');
    expect(await faultsOf()).toEqual(before);
  });

  it('backs up while edits go on, and restores in new epochs with everybody signed out (STORE-19, L3, F1)', async () => {
    const time = new Date().toISOString();
    await change(async (tx) => {
      const session = {
        id: 'session' as never,
        user_id: filled.owner,
        created_at: time,
        last_used_at: time,
        expires_at: time,
      };
      tx.put('sessions', session);
    });
    const copy = join(folder, 'copy');
    const during = Promise.all(Array.from({ length: 20 }, () => filled.edit()));
    expect(await backupStore(filled.path, copy)).toBeGreaterThan(0);
    await during;
    await expect(backupStore(filled.path, copy)).rejects.toThrow('not empty');
    expect(await faultsOf(copy)).toEqual([]);
    const epochs = await filled.store.read(LABEL, (tx) => tx.range('heads', { prefix: [], limit: 9 }));
    await filled.store.close();

    const { draft, branes, users } = await prepareRestore(copy, filled.path);
    expect([branes, users]).toEqual([3, 1]);
    const before = putInPlace(draft, filled.path);
    expect(before).toContain('.before-');
    expect(await faultsOf()).toEqual([]);
    const again = await reopen();
    const heads = await again.read(LABEL, (tx) => tx.range('heads', { prefix: [], limit: 9 }));
    const known = new Set(epochs.map(({ epoch }) => epoch));
    expect(heads.filter(({ epoch }) => known.has(epoch))).toEqual([]);
    expect(await again.read(LABEL, (tx) => tx.range('sessions', { prefix: [], limit: 9 }))).toEqual([]);
    const [revocation] = await again.read(LABEL, (tx) => tx.range('revocations', { prefix: [], limit: 9 }));
    expect(revocation).toMatchObject({ kind: 'user', value: filled.owner });
    expect((await readSnapshot(again, brane))?.objects.length).toBeGreaterThan(5);
  });
});
