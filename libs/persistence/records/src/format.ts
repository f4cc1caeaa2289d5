import type { Environment } from '@state-server/domain';
import {
  FORMAT_VERSION,
  StoreError,
  type ReadTransaction,
  type Store,
  type Transaction,
} from '@state-server/persistence-port';
import { buildIndex, type IndexRef } from './build-index';
import { AFTER_ALL } from './key';
import { listPublicBranes } from './migrations/list-public-branes';
import type { OrderedKv } from './ordered-kv';
import { RecordStore } from './record-store';
import { UPGRADE_KEY } from './upgrade-progress';

/** What a step works with, on every kind of store. */
export interface MigrationContext {
  readonly store: Store;
  /**
   * Fills an index that came into the table after the data. Goes on where it was interrupted. A database that keeps its
   * indexes by itself builds it in its own way.
   */
  buildIndex(ref: IndexRef): Promise<void>;
}

/** One step from a version of the layout to the next. */
export interface Migration {
  /** The version that it finds; it leaves the next one. */
  readonly from: number;
  readonly summary: string;
  /**
   * Works in transactions within the common limits. A process may be killed in it, and two may be in it at once:
   * whatever part of it was done before must be left as it is.
   */
  run(context: MigrationContext): Promise<void>;
}

/** The step that most upgrades are: indexes that are new in the table. */
export function buildIndexes(from: number, refs: readonly IndexRef[]): Migration {
  const names = refs.map(({ collection, index }) => `${collection}.${index}`);
  return {
    from,
    summary: `builds the indexes ${names.join(', ')}`,
    run: async (context) => {
      for (const ref of refs) await context.buildIndex(ref);
    },
  };
}

/** All steps that this code knows, one for each version before FORMAT_VERSION that it can still read. */
export const MIGRATIONS: readonly Migration[] = [listPublicBranes];

export interface UpgradeEvents {
  /** A step begins, or goes on after it was interrupted. */
  readonly onStep?: (step: Migration) => void;
  /** Of the index that is being built. */
  readonly onIndex?: (name: string, records: number) => void;
}

export interface FormatOptions extends UpgradeEvents {
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

async function readFormat(tx: ReadTransaction): Promise<FormatValue | undefined> {
  const found = await tx.get('meta', [FORMAT_KEY]);
  if (!found) return undefined;
  if (!isFormatValue(found.value)) throw refuse('the format record of the store cannot be understood');
  return found.value;
}

/** What the format of a store has to do with its driver. */
export interface FormatHost {
  readonly store: Store;
  /** Asked once, before anything is written. */
  isEmpty(): Promise<boolean>;
  buildIndex(ref: IndexRef): Promise<void>;
}

/**
 * Makes the store's format ours: writes it to an empty store, checks it, upgrades an older one step by step.
 * Throws `format` where the data is newer, older than every known step, or not ours at all.
 */
export async function settleFormat(host: FormatHost, options: FormatOptions = {}): Promise<void> {
  const { version = FORMAT_VERSION, migrations = MIGRATIONS } = options;
  const { store } = host;
  const steps = new Map(migrations.map((step) => [step.from, step]));
  const isEmpty = await host.isEmpty();
  for (;;) {
    const position = await store.transact({ label: 'store.format' }, (tx) =>
      claim(tx, { version, isEmpty, steps }),
    );
    if (position === version) return;
    const step = steps.get(position);
    if (step) options.onStep?.(step);
    await step?.run({ store, buildIndex: (ref) => host.buildIndex(ref) });
    await store.transact({ label: 'store.upgrade' }, (tx) => advance(tx, version, position));
  }
}

/** Where a store stands, and which steps would bring it to this version; nothing is written. */
export interface UpgradePlan {
  /** Undefined: the store is empty, or not one of ours. */
  readonly found: number | undefined;
  readonly version: number;
  /** An upgrade to `version` was begun, and has not ended. */
  readonly begun: boolean;
  readonly steps: readonly Migration[];
}

/** Throws `format` where this version cannot read the store, nor upgrade it. */
export function planUpgrade(store: Store, options: FormatOptions = {}): Promise<UpgradePlan> {
  const { version = FORMAT_VERSION, migrations = MIGRATIONS } = options;
  return store.read({ label: 'store.plan' }, async (tx) => {
    const format = await readFormat(tx);
    if (!format) return { found: undefined, version, begun: false, steps: [] };
    const steps = new Map(migrations.map((step) => [step.from, step]));
    const position = positionOf(format, version, steps);
    const ahead = [...steps.values()].filter(({ from }) => from >= position && from < version);
    const begun = format.upgrading_from !== undefined;
    return { found: position, version, begun, steps: ahead.sort((one, other) => one.from - other.from) };
  });
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
  const position = positionOf(format, version, steps);
  if (format.version < version) {
    tx.put('meta', { key: FORMAT_KEY, value: { version, upgrading_from: position } });
  }
  return position;
}

/** Up to which version the data has come. Throws where no way leads from there to ours. */
function positionOf(format: FormatValue, version: number, steps: ReadonlyMap<number, Migration>): number {
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
  return position;
}

async function advance(tx: Transaction, version: number, done: number): Promise<void> {
  const format = await readFormat(tx);
  if (format?.version !== version || format.upgrading_from !== done) {
    // Another process has done this step at the same time and gone on: to the end, or to a step with progress of its own.
    if (format?.upgrading_from === undefined) tx.delete('meta', [UPGRADE_KEY]);
    return;
  }
  const next = done + 1;
  const value: FormatValue = next === version ? { version } : { version, upgrading_from: next };
  tx.put('meta', { key: FORMAT_KEY, value });
  tx.delete('meta', [UPGRADE_KEY]);
}

/** A store over a KV, once its format is known to be ours (see `settleFormat`). */
export async function openRecordStore(
  kv: OrderedKv,
  environment: Environment,
  options: FormatOptions = {},
): Promise<Store> {
  const store = new RecordStore(kv, environment);
  await settleFormat(
    {
      store,
      isEmpty: () => isEmptyKv(kv),
      buildIndex: async (ref) => {
        const name = `${ref.collection}.${ref.index}`;
        await buildIndex(kv, environment, ref, { onProgress: (records) => options.onIndex?.(name, records) });
      },
    },
    options,
  );
  return store;
}
