import { gatedStore, type ReadOnlyWatch, watchReadOnly } from '@state-server/persistence-maintenance';
import type { Store } from '@state-server/persistence-port';
import { EXIT, type Service, type StoreChoice, storeChoice } from '@state-server/platform';
import { foundationDbMetrics } from './foundationdb-metrics';

/** What every driver is given by the service that opens it. */
export interface StoreHost {
  readonly environment: Service['environment'];
  readonly log: {
    warn(fields: Readonly<Record<string, unknown>>, event: string): void;
    error(fields: Readonly<Record<string, unknown>>, event: string): void;
  };
  /** The store can no longer be used in this process, which must end and be started again. */
  readonly onFatal: (error: Error) => void;
}

/** A store that may be closed to writers for a while, and who knows of it. */
export interface ServiceStore extends Store {
  readonly readOnly: ReadOnlyWatch;
}

/**
 * The one place that decides which store a service works on. Readiness depends on it from now on, and it is closed with the
 * service. A store that can no longer be used in this process ends it: whoever supervises it starts a new one.
 */
export async function openStore(service: Service): Promise<ServiceStore> {
  const { config, environment, log } = service;
  const choice = storeChoice(config);
  const opened = await open(choice, service, {
    environment,
    log: {
      warn: (fields, event) => log.warn(event, fields),
      error: (fields, event) => log.error(event, fields),
    },
    onFatal: (error) => {
      log.fatal('store.fatal', { err: error });
      process.exit(EXIT.crashed);
    },
  });
  log.info('store.opened', { store: choice, ...placeOf(choice, service) });
  service.onClose('store', () => opened.close());
  service.health.register('store', () => opened.check());
  return Object.assign(gatedStore(opened), { readOnly: openReadOnlyWatch(service, opened) });
}

/** Tells whoever runs the service that nothing can be changed: it stays ready, for everything can be read. */
function openReadOnlyWatch(service: Service, store: Store): ReadOnlyWatch {
  const { environment, health, log, metrics } = service;
  const watch = watchReadOnly(store, environment);
  watch.onChange((flag) => {
    if (flag) log.warn('store.read_only', { since: flag.since, reason: flag.reason });
    else log.info('store.writable');
  });
  const help = '1 while the store is closed to writers.';
  metrics.gauge({ name: 'store_read_only', help }, (gauge) => gauge.set(watch.flag ? 1 : 0));
  health.register('writes', () =>
    watch.flag ? { status: 'degraded', message: 'The store is read-only for the moment.' } : undefined,
  );
  service.onClose('read-only', () => watch.close());
  return watch;
}

/** A driver is loaded by whoever uses it: the others cost neither memory nor a native library. */
async function open(
  choice: StoreChoice,
  { config, metrics, name }: Service,
  host: StoreHost,
): Promise<Store> {
  switch (choice) {
    case 'embedded': {
      const { openLmdbStore } = await import('@state-server/persistence-lmdb');
      return openLmdbStore({ ...host, path: config.STORE_PATH });
    }
    case 'foundationdb': {
      const { openFoundationDbStore } = await import('@state-server/persistence-foundationdb');
      return openFoundationDbStore({
        ...host,
        directory: config.FDB_DIRECTORY,
        ...(config.FDB_CLUSTER_FILE !== undefined && { clusterFile: config.FDB_CLUSTER_FILE }),
        metrics: foundationDbMetrics(metrics),
      });
    }
    case 'mongodb': {
      const { openMongoStore } = await import('@state-server/persistence-mongo');
      return openMongoStore({
        environment: host.environment,
        uri: config.MONGODB_URI ?? '',
        poolSize: config.MONGODB_POOL_SIZE,
        compressors: config.MONGODB_COMPRESSORS,
        timeoutMs: config.MONGODB_TIMEOUT_MS,
        connectTimeoutMs: config.MONGODB_CONNECT_TIMEOUT_MS,
        buildIndexes: config.MONGODB_BUILD_INDEXES,
        appName: `state-server ${name}`,
      });
    }
    default:
      return choice satisfies never;
  }
}

/** Where it is, as far as that is no secret: an address may hold a password. */
function placeOf(choice: StoreChoice, { config }: Service): Readonly<Record<string, unknown>> {
  switch (choice) {
    case 'embedded':
      return { path: config.STORE_PATH };
    case 'mongodb':
      return {};
    case 'foundationdb':
      return {
        directory: config.FDB_DIRECTORY,
        cluster_file: config.FDB_CLUSTER_FILE ?? 'of the client library',
        ...(config.MONGODB_URI !== undefined && { not_used: 'MONGODB_URI' }),
      };
    default:
      return choice satisfies never;
  }
}
