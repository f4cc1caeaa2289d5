import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeEnvironment } from '@state-server/testing';
import { openLmdbStore } from './lmdb-store';
import { inspectStoreFile, storeFileIn } from './store-file';

const environment = createFakeEnvironment();

describe('the file of an embedded store (STORE-18)', () => {
  let path: string;
  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'store-file-'));
    await commit(30);
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));

  async function commit(times: number): Promise<void> {
    const store = await openLmdbStore({ path, environment });
    for (let time = 0; time < times; time += 1) {
      await store.transact({ label: 'spec' }, async (tx) => {
        expect(inspectStoreFile(path)?.faults).toEqual([]);
        tx.put('meta', { key: `key ${time}`, value: 'x'.repeat(9_000) });
      });
    }
    await store.close();
  }

  function flip(at: number): void {
    const file = openSync(storeFileIn(path), 'r+');
    writeSync(file, Buffer.of((readFileSync(storeFileIn(path))[at] ?? 0) ^ 0x08), 0, 1, at);
    closeSync(file);
  }

  it('is good after every commit, and when there is none yet', () => {
    expect(inspectStoreFile(path)).toMatchObject({ faults: [], pagesMissing: 0 });
    expect(inspectStoreFile(join(path, 'nothing'))).toBeUndefined();
  });

  it.each([
    ['transaction', 152],
    ['transaction', 8_192 + 152],
    ['magic', 24],
    ['version', 8_192 + 28],
    ['page size', 49],
  ])('is refused in words when the %s of a root page is damaged', async (_what, at) => {
    flip(at);
    expect(inspectStoreFile(path)?.faults).toEqual([expect.stringContaining('root page')]);
    await expect(openLmdbStore({ path, environment })).rejects.toMatchObject({ code: 'corrupt' });
    await expect(openLmdbStore({ path, environment })).rejects.toThrow('restore a backup');
  });

  it('is waited for while another process makes it, and refused when it stays empty', async () => {
    const made = readFileSync(storeFileIn(path));
    truncateSync(storeFileIn(path), 0);
    await expect(openLmdbStore({ path, environment })).rejects.toThrow('is empty');
    const opening = openLmdbStore({ path, environment });
    writeFileSync(storeFileIn(path), made);
    await (await opening).close();
  });

  it('leaves words in the log when its end is missing, before anything reads there', async () => {
    const whole = readFileSync(storeFileIn(path)).byteLength;
    truncateSync(storeFileIn(path), whole - 8_192);
    const events: string[] = [];
    const log = { warn: () => undefined, error: (_: unknown, event: string) => void events.push(event) };
    const store = await openLmdbStore({ path, environment, log }).catch(() => undefined);
    await store?.close();
    expect(events[0]).toBe('store.file_short');
  });
});
