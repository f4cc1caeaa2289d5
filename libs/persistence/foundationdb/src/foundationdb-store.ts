import type { Environment } from '@state-server/domain';
import { STORE_LIMITS, StoreError, type Store } from '@state-server/persistence-port';
import { openRecordStore } from '@state-server/persistence-records';
import { causeOf, type FdbDatabase, type FdbModule } from './binding';
import type { FoundationDbLog } from './client';
import { DEFAULT_CLUSTER_FILE, readClusterFile } from './cluster-file';
import { FoundationDbKv } from './foundationdb-kv';
import { KeySpace } from './key-space';
import { loadBinding } from './load-binding';
import type { FoundationDbMetrics } from './metrics';

export interface FoundationDbStoreOptions {
  /** Path of the file that names the cluster's coordinators; the client rewrites it when they move. Default: that of FoundationDB's packages. */
  readonly clusterFile?: string;
  /** Where in the cluster this store lies: `state-server/production`. Parts of letters, digits, dots, hyphens, underscores. */
  readonly directory: string;
  readonly environment: Environment;
  readonly log?: FoundationDbLog;
  readonly metrics?: FoundationDbMetrics;
  /** The native client is of no more use: the process must end and be started again. Called once. */
  readonly onFatal?: (error: Error) => void;
  /** A cluster that has not answered within so many milliseconds is not there; default 10,000. */
  readonly openTimeoutMs?: number;
  /** Stands in for the npm package; for tests. */
  readonly load?: () => Promise<FdbModule>;
}

const OPEN_TIMEOUT_MS = 10_000;
/** Above what an attempt has, so that the record layer's own limit, which knows more, speaks first. */
const NATIVE_TIMEOUT_MS = STORE_LIMITS.transactionMs * 1.1;

/**
 * A store in a directory of a FoundationDB cluster (7.2 or newer), for any number of processes on any number of machines.
 * Writes the format version to a new one, upgrades an older one, throws StoreError `format` for a newer one. Throws
 * `unavailable` with one line that says what to do where the package, the client library, the cluster file or the cluster
 * itself is missing.
 */
export async function openFoundationDbStore(options: FoundationDbStoreOptions): Promise<Store> {
  const kv = await openFoundationDbKv(options);
  try {
    return await openRecordStore(kv, options.environment);
  } catch (error) {
    await kv.close();
    throw error;
  }
}

/** The driver by itself, once the cluster has answered: for tools that look below the record layer. */
export async function openFoundationDbKv(options: FoundationDbStoreOptions): Promise<FoundationDbKv> {
  const { clusterFile = DEFAULT_CLUSTER_FILE, openTimeoutMs = OPEN_TIMEOUT_MS } = options;
  const keys = new KeySpace(options.directory);
  const coordinators = await readClusterFile(clusterFile);
  const module = await (options.load ?? loadBinding)();
  const database = openDatabase(module, clusterFile);
  const { environment, log, metrics, onFatal } = options;
  const kv = new FoundationDbKv({
    ...{ database, keys, environment, timeoutMs: NATIVE_TIMEOUT_MS },
    ...(log && { log }),
    ...(metrics && { metrics }),
    ...(onFatal && { onFatal }),
  });
  try {
    await kv.probeOnce(openTimeoutMs);
    return kv;
  } catch (error) {
    await kv.close();
    const why = causeOf(error).message;
    throw new StoreError(
      'unavailable',
      `${why}: is FoundationDB running at ${coordinators} (${clusterFile}), can it be reached from here, and is it of the version of libfdb_c?`,
      { cause: error },
    );
  }
}

/** @internal */
export function openDatabase(module: FdbModule, clusterFile: string): FdbDatabase {
  try {
    const database = module.open(clusterFile);
    // Without them a call waits for ever for a cluster that is away. Nothing is retried by the native client.
    database.setNativeOptions({ transaction_timeout: NATIVE_TIMEOUT_MS, transaction_retry_limit: 0 });
    return database;
  } catch (error) {
    const why = causeOf(error).message;
    throw new StoreError('unavailable', `FoundationDB cannot be opened by ${clusterFile}: ${why}`, {
      cause: error,
    });
  }
}
