import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeStoreContract, type OpenStore } from '@state-server/persistence-contract';
import type { Store } from '@state-server/persistence-port';
import { openLmdbStore } from './lmdb-store';

/** Flips one bit of each place in the data file where the text stands; older pages of it are hit as well. */
function flipBits(path: string, text: string): void {
  const file = openSync(join(path, 'data.mdb'), 'r+');
  try {
    const data = Buffer.alloc(fstatSync(file).size);
    readSync(file, data, 0, data.byteLength, 0);
    const places: number[] = [];
    for (let at = data.indexOf(text); at >= 0; at = data.indexOf(text, at + 1)) places.push(at);
    for (const at of places) writeSync(file, Buffer.of(data.readUInt8(at) ^ 0x10), 0, 1, at);
    expect(places.length).toBeGreaterThan(0);
  } finally {
    closeSync(file);
  }
}

const open: OpenStore = async (environment) => {
  const path = mkdtempSync(join(tmpdir(), 'store-contract-'));
  const opened: Store[] = [];
  const openOne = async (): Promise<Store> => {
    const store = await openLmdbStore({ path, environment });
    opened.push(store);
    return store;
  };
  const store = await openOne();
  return {
    store,
    second: await openOne(),
    reopen: openOne,
    damage: (text) => {
      flipBits(path, text);
      return Promise.resolve(store);
    },
    close: async () => {
      for (const each of opened) await each.close();
      rmSync(path, { recursive: true });
    },
  };
};

describeStoreContract('the embedded store', { isolation: 'weak', effort: 1 }, open);
