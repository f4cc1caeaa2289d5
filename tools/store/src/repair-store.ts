import { type RepairReport, repairBrane } from '@state-server/commit';
import type { BraneId } from '@state-server/domain';
import { LmdbKv } from '@state-server/persistence-lmdb';
import { COLLECTIONS, type CollectionName } from '@state-server/persistence-port';
import {
  inspectRecords,
  type RecordFault,
  RecordStore,
  rewriteIndexEntry,
  rewriteRecords,
  type Stamp,
} from '@state-server/persistence-records';
import { environment } from './environment';

export interface StoreRepair extends RepairReport {
  /** Keys of indexes and parts of records that were put right or taken away. */
  readonly indexKeys: number;
}

const OF_INDEXES: ReadonlySet<RecordFault['kind']> = new Set([
  'index_missing',
  'index_orphan',
  'chunk_orphan',
]);
/** Collections that a repair has written anew as a whole: what is still damaged in them belongs to nothing. */
const REBUILT: ReadonlySet<string> = new Set(['objects', 'space', 'members']);

/**
 * Repairs one brane from its log, then all indexes from their records. Nothing else may have the store open. Throws
 * StoreError `corrupt`, with nothing changed, where the log does not suffice.
 */
export async function repairStore(path: string, braneId: BraneId): Promise<StoreRepair> {
  const kv = new LmdbKv({ path, environment });
  try {
    const nextStamp = stamps();
    const report = await repairBrane(new RecordStore(kv, environment), braneId, ({ put, remove }) =>
      rewriteRecords(kv, nextStamp, { label: 'store.repair', guards: [], put, remove }),
    );
    const faults: RecordFault[] = [];
    await inspectRecords(kv, { onFault: (fault) => faults.push(fault) });
    let indexKeys = 0;
    for (const fault of faults) {
      if (!belongsToIndexes(fault, braneId)) continue;
      if (await rewriteIndexEntry(kv, collectionOf(fault), fault.key)) indexKeys += 1;
    }
    return { ...report, indexKeys };
  } finally {
    await kv.close();
  }
}

function belongsToIndexes({ kind, space, record }: RecordFault, braneId: BraneId): boolean {
  if (OF_INDEXES.has(kind)) return true;
  if (kind !== 'checksum') return false;
  return space.includes('.') || (REBUILT.has(space) && record.includes(braneId));
}

function collectionOf({ key }: RecordFault): CollectionName {
  const names = Object.keys(COLLECTIONS) as CollectionName[];
  const found = names.find((name) => COLLECTIONS[name].id === key.charCodeAt(0));
  if (!found) throw new TypeError('a fault of no collection');
  return found;
}

function stamps(): () => Stamp {
  const high = Math.floor(Math.random() * 2 ** 32);
  let low = 0;
  return () => ({ high, low: low++ });
}
