import type { Environment } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { openRecordStore, RecordStore } from '@state-server/persistence-records';
import { MemoryKv, type MemoryKvOptions } from './memory-kv';

export interface MemoryStoreOptions extends MemoryKvOptions {
  readonly environment: Environment;
  /** A database that several stores share, as processes share a directory; without it, one of its own. */
  readonly kv?: MemoryKv;
}

/** A database in memory for several stores. `createMemoryStore({ environment, kv })` opens each of them. */
export function createMemoryKv(options: MemoryKvOptions = {}): MemoryKv {
  return new MemoryKv(options);
}

/** A store in memory with the conflict rules of the weakest store (or of the strictest), and faults on demand. */
export function createMemoryStore({ environment, kv, ...options }: MemoryStoreOptions): Store {
  return new RecordStore(kv ?? new MemoryKv(options), environment);
}

/** As `createMemoryStore`, for a database that was there before: its format is checked, upgraded or refused. */
export function openMemoryStore({ environment, kv, ...options }: MemoryStoreOptions): Promise<Store> {
  return openRecordStore(kv ?? new MemoryKv(options), environment);
}
