import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KvConflict, STAMP_BYTES, type KvChanges } from '@state-server/persistence-records';
import { createFakeEnvironment } from '@state-server/testing';
import { LmdbKv } from './lmdb-kv';

const KEY = 'key';
const put = (stamp: number): KvChanges => ({
  label: 'test',
  guards: [KEY],
  writes: new Map([[KEY, Buffer.alloc(STAMP_BYTES, stamp)]]),
  bytes: KEY.length + STAMP_BYTES,
});

describe('a settled snapshot (STORE-20)', () => {
  let path: string;
  let kv: LmdbKv;

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'settled-'));
    kv = new LmdbKv({ path, environment: createFakeEnvironment() });
  });

  afterEach(async () => {
    await kv.close();
    rmSync(path, { recursive: true });
  });

  it('is taken after the commit that is in progress; any other at once', async () => {
    const committing = (await kv.begin()).commit(put(1));
    const [settled, other] = [kv.begin({ settled: true }), await kv.begin()];
    expect(await other.get(KEY)).toBeUndefined();
    other.abandon();
    const snapshot = await settled;
    expect(await snapshot.get(KEY)).toEqual(Buffer.alloc(STAMP_BYTES, 1));
    snapshot.abandon();
    await committing;
  });

  it('is validated at its commit like any other', async () => {
    const snapshot = await kv.begin({ settled: true });
    await snapshot.get(KEY);
    await (await kv.begin()).commit(put(1));
    await expect(snapshot.commit(put(2))).rejects.toThrow(KvConflict);
  });

  it('is not given by a store that is closed', async () => {
    const settled = kv.begin({ settled: true });
    await kv.close();
    await expect(settled).rejects.toMatchObject({ code: 'unavailable' });
  });
});
