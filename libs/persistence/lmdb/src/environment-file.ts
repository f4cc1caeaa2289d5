import { open, type RootDatabase } from 'lmdb';
import type { KvKey } from '@state-server/persistence-records';

export type LmdbDatabase = RootDatabase<Buffer, KvKey>;

/** The map is only reserved address space: the file grows as it is written, and the map with it when it must. */
const DEFAULT_MAP_BYTES = 16 * 2 ** 30;
/**
 * Decided when the file is made. Objects fit into a page mostly, and LMDB's list of free pages is split more rarely than
 * with the default of 4,096 (docs/decisions/0007: what goes wrong then).
 */
const PAGE_BYTES = 8_192;
/** One slot per snapshot that is open at a time, over all processes. */
const MAX_READERS = 2_048;

/** Keys are strings with a character per byte; their order as bytes is their order as strings. */
const keyEncoder = {
  writeKey(key: KvKey, target: Buffer, position: number): number {
    return position + target.write(key, position, 'latin1');
  },
  readKey(source: Buffer, start: number, end: number): KvKey {
    return source.toString('latin1', start, end);
  },
};

/** Opens or creates the environment in a directory that several processes share. */
export function openEnvironmentFile(path: string, mapSizeBytes = DEFAULT_MAP_BYTES): LmdbDatabase {
  return open<Buffer, KvKey>({
    path,
    noSubdir: false,
    encoding: 'binary',
    keyEncoder,
    // With the default (true) other processes see commits that are not durable yet, and a killed writer can poison the
    // others (docs/decisions/0007).
    overlappingSync: false,
    // Its batches would each leave a promise behind that nobody can catch when a commit fails; CommitQueue makes its own.
    eventTurnBatching: false,
    mapSize: mapSizeBytes,
    pageSize: PAGE_BYTES,
    maxReaders: MAX_READERS,
    maxDbs: 1,
  });
}
