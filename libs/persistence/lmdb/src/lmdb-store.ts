import { setTimeout } from 'node:timers/promises';
import { type Store, StoreError } from '@state-server/persistence-port';
import { openRecordStore } from '@state-server/persistence-records';
import { LmdbKv, type LmdbKvOptions } from './lmdb-kv';
import { inspectStoreFile } from './store-file';

/** A store is made within that time, on a slow disk too. */
const LOOKS = 50;
const LOOK_MS = 20;

export type LmdbStoreOptions = LmdbKvOptions;

/**
 * The embedded store: one directory, shared by all processes of the machine. Writes the format version to a new one,
 * upgrades an older one, throws StoreError `format` for a newer one, `unavailable` where the directory is unusable, and
 * `corrupt` where the file as a whole is damaged.
 */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<Store> {
  await assertWhole(options);
  const kv = new LmdbKv(options);
  try {
    return await openRecordStore(kv, options.environment);
  } catch (error) {
    await kv.close();
    throw error;
  }
}

/** What LMDB itself does not look at, and would go on with: an older state, an empty file, or memory that is not there. */
async function assertWhole({ path, log }: LmdbStoreOptions): Promise<void> {
  let file = inspectStoreFile(path);
  // Another process may be making it at this moment.
  for (let times = 0; file && file.faults.length > 0 && times < LOOKS; times += 1) {
    await setTimeout(LOOK_MS);
    file = inspectStoreFile(path);
  }
  if (!file) return;
  const { faults, bytes, pagesMissing } = file;
  if (faults.length > 0) {
    const what = `${faults.join('; ')} (${file.path})`;
    throw new StoreError('corrupt', `${what}: ./dev store check says more; restore a backup`);
  }
  if (pagesMissing === 0) return;
  // Mostly the end was cut off, and the process will be ended where it reads there: then this is what its log ends with.
  log?.error({ path: file.path, bytes, pages_missing: pagesMissing }, 'store.file_short');
}
