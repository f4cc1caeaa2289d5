import { type BraneReport, checkBrane } from '@state-server/commit';
import type { BraneId } from '@state-server/domain';
import { inspectStoreFile, LmdbKv, type StoreFile } from '@state-server/persistence-lmdb';
import { readOnlyFlag } from '@state-server/persistence-maintenance';
import { FORMAT_VERSION } from '@state-server/persistence-port';
import {
  type Inspection,
  inspectRecords,
  type OrderedKv,
  RecordStore,
  type SpaceUsage,
} from '@state-server/persistence-records';
import { environment } from './environment';

/** One thing that is wrong, named by its record. */
export interface Fault {
  /** `file`, `format`, those of RecordFault, and those of BraneFault. */
  readonly kind: string;
  readonly record: string;
  readonly message: string;
  readonly brane?: BraneId;
}

export interface StoreReport {
  /** Where it is, without secrets. */
  readonly path: string;
  readonly kind: string;
  readonly format: unknown;
  /** Of the file, where it is one. */
  readonly bytes?: number;
  readonly transaction?: number;
  /** Set while it is closed to writers. */
  readonly readOnly?: string;
  readonly usage: readonly SpaceUsage[];
  readonly keys: number;
  readonly branes: readonly BraneReport[];
}

export interface CheckRecordsOptions {
  readonly onFault: (fault: Fault) => void;
  /** Called often: where the check stands. */
  readonly onProgress?: (where: string) => void;
}

export interface CheckStoreOptions extends CheckRecordsOptions {
  /** Folder of the store. */
  readonly path: string;
}

/** Collections whose records belong to a brane, and must not outlive its head. */
const OF_A_BRANE: ReadonlySet<string> = new Set([
  'branes',
  'members',
  'objects',
  'space',
  'log',
  'op_results',
]);

/**
 * Everything that a store promises, verified: the file, the checksum of every record, indexes and records against each
 * other, every brane against its log. Works beside running services, and writes nothing. Throws where there is no store.
 */
export async function checkStore(options: CheckStoreOptions): Promise<StoreReport> {
  const { path, onFault } = options;
  const file = inspectStoreFile(path);
  if (!file) throw new Error(`there is no store in ${path}`);
  checkFile(file, onFault);
  const ofFile = { bytes: file.bytes, transaction: file.root?.transaction ?? 0 };
  // Its roots are all that the file is found by: without them nothing more can be looked at.
  if (file.faults.length > 0) {
    return { path, kind: 'lmdb', format: undefined, ...ofFile, usage: [], keys: 0, branes: [] };
  }
  const kv = new LmdbKv({ path, environment });
  try {
    const found = await checkRecords(kv, options);
    const before = file.root;
    const after = inspectStoreFile(path)?.root;
    // Key counts of a store that is being written to are those of another moment.
    if (before && before.transaction === after?.transaction && before.keys > found.keys + 1) {
      const message = `the store counts ${before.keys} keys, and only ${found.keys} can be found`;
      onFault({ kind: 'unreachable', record: 'store', message });
    }
    return { path, ...found, ...ofFile };
  } finally {
    await kv.close();
  }
}

/** The same of what any store holds, whatever it lies in. */
export async function checkRecords(
  kv: OrderedKv,
  options: CheckRecordsOptions,
): Promise<Omit<StoreReport, 'path'>> {
  const { onFault } = options;
  const store = new RecordStore(kv, environment);
  const format = await readFormat(store, onFault);
  const { inspection, branes: ids } = await inspect(kv, options);
  const branes: BraneReport[] = [];
  for (const braneId of ids) {
    const checked = await checkBrane(store, braneId, {
      onFault: (fault) =>
        onFault({ ...fault, record: `${fault.record} of brane ${braneId}`, brane: braneId }),
      onStep: () => options.onProgress?.(`brane ${braneId}`),
    });
    if (checked) branes.push(checked);
  }
  const flag = await readOnlyFlag(store).catch(() => undefined);
  const { usage, keys } = inspection;
  return { kind: kv.kind, format, usage, keys, branes, ...(flag && { readOnly: flag.reason }) };
}

function checkFile(
  { faults, path, pagesMissing, bytes, root }: StoreFile,
  onFault: (fault: Fault) => void,
): void {
  for (const message of faults) onFault({ kind: 'file', record: path, message });
  if (pagesMissing === 0) return;
  const whole = root ? (root.lastPage + 1) * root.pageBytes : 0;
  const message = `the file has ${bytes} bytes, and its newest commit speaks of ${whole}: its end is missing`;
  onFault({ kind: 'file', record: path, message });
}

async function readFormat(store: RecordStore, onFault: (fault: Fault) => void): Promise<unknown> {
  let value: unknown;
  try {
    const doc = await store.read({ label: 'store.check' }, (tx) => tx.get('meta', ['format']));
    value = doc?.value;
  } catch (error) {
    onFault({ kind: 'format', record: 'meta format', message: messageOf(error) });
    return undefined;
  }
  const version = (value as { readonly version?: unknown } | undefined)?.version;
  if (version !== FORMAT_VERSION) {
    const message = `the store has format ${String(version)}; this version reads ${FORMAT_VERSION}`;
    onFault({ kind: 'format', record: 'meta format', message });
  }
  return version;
}

/** Walks all records; answers the branes that have a head. */
async function inspect(
  kv: OrderedKv,
  { onFault, onProgress }: CheckRecordsOptions,
): Promise<{ readonly inspection: Inspection; readonly branes: ReadonlySet<BraneId> }> {
  const branes = new Set<BraneId>();
  const orphans = new Set<unknown>();
  const inspection = await inspectRecords(kv, {
    onFault: ({ kind, space, record, message }) => onFault({ kind, record: `${space} ${record}`, message }),
    onPage: ({ space, keys }) => onProgress?.(`${space}, ${keys} keys`),
    onRecord: (collection, document) => {
      const braneId = document[collection === 'branes' ? 'id' : 'brane_id'];
      // Heads stand before all else of a brane: the walk has them first.
      if (collection === 'heads') branes.add(braneId as BraneId);
      if (!OF_A_BRANE.has(collection) || branes.has(braneId as BraneId)) return;
      orphans.add(braneId);
    },
  });
  for (const braneId of orphans) {
    // Made while the walk went on: then it has a head by now.
    const message = 'records of a brane that has no head';
    if (!(await hasHead(kv, braneId as BraneId)))
      onFault({ kind: 'head', record: `brane ${String(braneId)}`, message });
  }
  return { inspection, branes };
}

async function hasHead(kv: OrderedKv, braneId: BraneId): Promise<boolean> {
  const store = new RecordStore(kv, environment);
  try {
    return (await store.read({ label: 'store.check' }, (tx) => tx.get('heads', [braneId]))) !== undefined;
  } catch {
    // Damaged: told of by the walk.
    return true;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
