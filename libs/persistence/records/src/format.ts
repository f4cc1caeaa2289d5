import type { Environment } from '@state-server/domain';
import { FORMAT_VERSION, StoreError, type Store, type Transaction } from '@state-server/persistence-port';
import { AFTER_ALL } from './key';
import type { OrderedKv } from './ordered-kv';
import { RecordStore } from './record-store';

/** One step from a version of the layout to the next. */
export interface Migration {
  /** The version that it finds; it leaves the next one. */
  readonly from: number;
  readonly summary: string;
  /**
   * Works in transactions within the common limits. A process may be killed in it, and two may be in it at once:
   * whatever part of it was done before must be left as it is.
   */
  run(context: { readonly store: Store; readonly kv: OrderedKv }): Promise<void>;
}

/** All steps that this code knows, one for each version before FORMAT_VERSION that it can still read. */
export const MIGRATIONS: readonly Migration[] = [];

export interface FormatOptions {
  readonly version?: number;
  readonly migrations?: readonly Migration[];
}

/**
 * Value of the `meta` record `format`. While a store is being upgraded it bears the new version already, so that older
 * code does not open it, and says how far the upgrade has come.
 */
interface FormatValue {
  readonly version: number;
  readonly upgrading_from?: number;
}

const FORMAT_KEY = 'format';

function isFormatValue(value: unknown): value is FormatValue {
  return (
    typeof value === 'object' && value !== null && 'version' in value && Number.isSafeInteger(value.version)
  );
}

function refuse(message: string): StoreError {
  return new StoreError('format', message);
}

async function readFormat(tx: Transaction): Promise<FormatValue | undefined> {
  const found = await tx.get('meta', [FORMAT_KEY]);
  if (!found) return undefined;
  if (!isFormatValue(found.value)) throw refuse('the format record of the store cannot be understood');
  return found.value;
}

/**
 * Makes the store's format ours: writes it to an empty store, checks it, upgrades an older one step by step.
 * Throws `format` where the data is newer, older than every known step, or not ours at all.
 */
async function settleFormat(store: Store, kv: OrderedKv, options: FormatOptions): Promise<void> {
  const { version = FORMAT_VERSION, migrations = MIGRATIONS } = options;
  const steps = new Map(migrations.map((step) => [step.from, step]));
  const isEmpty = await isEmptyKv(kv);
  for (;;) {
    const position = await store.transact({ label: 'store.format' }, (tx) =>
      claim(tx, { version, isEmpty, steps }),
    );
    if (position === version) return;
    await steps.get(position)?.run({ store, kv });
    await store.transact({ label: 'store.upgrade' }, (tx) => advance(tx, version, position));
  }
}

async function isEmptyKv(kv: OrderedKv): Promise<boolean> {
  const tx = await kv.begin();
  try {
    return (await tx.range('\x00', AFTER_ALL, { reverse: false, limit: 1 })).length === 0;
  } finally {
    tx.abandon();
  }
}

/** Answers at which version the data stands, after it has barred older code where an upgrade begins. */
async function claim(
  tx: Transaction,
  { version, isEmpty, steps }: { version: number; isEmpty: boolean; steps: ReadonlyMap<number, Migration> },
): Promise<number> {
  const format = await readFormat(tx);
  if (!format) {
    if (!isEmpty) throw refuse('there is data without a format record: this is not a store of ours');
    tx.put('meta', { key: FORMAT_KEY, value: { version } });
    return version;
  }
  if (format.version > version) {
    throw refuse(
      `the store has format ${format.version}; this version reads up to ${version}: start a newer one`,
    );
  }
  const position = format.upgrading_from ?? format.version;
  for (let from = position; from < version; from += 1) {
    if (steps.has(from)) continue;
    throw refuse(
      `the store has format ${position}; this version reads ${version} and knows no upgrade from ${from}`,
    );
  }
  if (format.version < version) {
    tx.put('meta', { key: FORMAT_KEY, value: { version, upgrading_from: position } });
  }
  return position;
}

async function advance(tx: Transaction, version: number, done: number): Promise<void> {
  const format = await readFormat(tx);
  // Another process may have done this step at the same time and gone on.
  if (format?.version !== version || format.upgrading_from !== done) return;
  const next = done + 1;
  const value: FormatValue = next === version ? { version } : { version, upgrading_from: next };
  tx.put('meta', { key: FORMAT_KEY, value });
}

/** A store over a KV, once its format is known to be ours (see `settleFormat`). */
export async function openRecordStore(
  kv: OrderedKv,
  environment: Environment,
  options: FormatOptions = {},
): Promise<Store> {
  const store = new RecordStore(kv, environment);
  await settleFormat(store, kv, options);
  return store;
}
