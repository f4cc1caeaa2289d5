import type { Store } from '@state-server/persistence-port';
import { openRecordStore } from '@state-server/persistence-records';
import { LmdbKv, type LmdbKvOptions } from './lmdb-kv';

export type LmdbStoreOptions = LmdbKvOptions;

/**
 * The embedded store: one directory, shared by all processes of the machine. Writes the format version to a new one,
 * upgrades an older one, throws StoreError `format` for a newer one and `unavailable` where the directory is unusable.
 */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<Store> {
  const kv = new LmdbKv(options);
  try {
    return await openRecordStore(kv, options.environment);
  } catch (error) {
    await kv.close();
    throw error;
  }
}
