import { StoreError } from '@state-server/persistence-port';
import { GatedTransaction } from './buffer-gate';
import { causeOf } from './binding';
import { DEFAULT_CLUSTER_FILE, readClusterFile } from './cluster-file';
import { type FoundationDbStoreOptions, openDatabase } from './foundationdb-store';
import { loadBinding } from './load-binding';

/** A special key: the client asks the cluster's controller, and answers by itself what it knows where there is none. */
const STATUS_KEY = Buffer.from('\xff\xff/status/json', 'latin1');
const STATUS_TIMEOUT_MS = 10_000;

/** What a cluster says about itself, for people; `undefined` where it does not say. */
export interface FoundationDbCluster {
  readonly coordinators: string;
  readonly available: boolean | undefined;
  readonly healthy: boolean | undefined;
  readonly locked: boolean | undefined;
  /** Of the server processes: one, unless an upgrade is under way. */
  readonly versions: readonly string[];
  readonly processes: number;
  readonly storageEngine: string | undefined;
  readonly redundancy: string | undefined;
  /** Of all keys and values in the cluster, those of others included. */
  readonly dataBytes: number | undefined;
  /** What it complains about. */
  readonly messages: readonly string[];
}

/** Throws StoreError `unavailable` with words where nothing can be learnt. */
export async function describeFoundationDbCluster(
  options: Pick<FoundationDbStoreOptions, 'clusterFile' | 'load' | 'openTimeoutMs'>,
): Promise<FoundationDbCluster> {
  const { clusterFile = DEFAULT_CLUSTER_FILE, openTimeoutMs = STATUS_TIMEOUT_MS } = options;
  const coordinators = await readClusterFile(clusterFile);
  const database = openDatabase(await (options.load ?? loadBinding)(), clusterFile);
  try {
    const status = await new GatedTransaction(database, { timeout: openTimeoutMs }).get(STATUS_KEY);
    if (!status) throw new Error('it has no status');
    return { coordinators, ...readStatus(JSON.parse(status.toString('utf8'))) };
  } catch (error) {
    throw new StoreError(
      'unavailable',
      `the FoundationDB cluster at ${coordinators} says nothing about itself: ${causeOf(error).message}`,
      { cause: error },
    );
  } finally {
    database.close();
  }
}

/** @param status of `\xff\xff/status/json`: every part of it may be missing */
export function readStatus(status: unknown): Omit<FoundationDbCluster, 'coordinators'> {
  const processes = Object.values(objectAt(status, 'cluster', 'processes'));
  const messages = valueAt(status, 'cluster', 'messages');
  return {
    available: booleanOr(
      valueAt(status, 'cluster', 'database_available'),
      booleanOr(valueAt(status, 'client', 'database_status', 'available'), undefined),
    ),
    healthy: booleanOr(valueAt(status, 'cluster', 'data', 'state', 'healthy'), undefined),
    locked: booleanOr(valueAt(status, 'cluster', 'database_lock_state', 'locked'), undefined),
    versions: [
      ...new Set(processes.map((each) => textAt(each, 'version')).filter((each) => each !== undefined)),
    ],
    processes: processes.length,
    storageEngine: textAt(status, 'cluster', 'configuration', 'storage_engine'),
    redundancy: textAt(status, 'cluster', 'configuration', 'redundancy_mode'),
    dataBytes: numberAt(status, 'cluster', 'data', 'total_kv_size_bytes'),
    messages: (Array.isArray(messages) ? messages : [])
      .map((each: unknown) => textAt(each, 'description') ?? textAt(each, 'name'))
      .filter((each) => each !== undefined),
  };
}

function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Reflect.get(found, name);
  }
  return found;
}

function objectAt(value: unknown, ...path: readonly string[]): object {
  const found = valueAt(value, ...path);
  return typeof found === 'object' && found !== null ? found : {};
}

function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

const booleanOr = (value: unknown, otherwise: boolean | undefined): boolean | undefined =>
  typeof value === 'boolean' ? value : otherwise;
