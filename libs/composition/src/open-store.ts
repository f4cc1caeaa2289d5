import { type Store, StoreError } from '@state-server/persistence-port';
import { EXIT, type Service, type StoreChoice, storeChoice } from '@state-server/platform';

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

/**
 * The one place that decides which store a service works on. Readiness depends on it from now on, and it is closed with the
 * service. A store that can no longer be used in this process ends it: whoever supervises it starts a new one.
 */
export async function openStore(service: Service): Promise<Store> {
  const { config, environment, log } = service;
  const choice = storeChoice(config);
  const store = await open(choice, service, {
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
  service.onClose('store', () => store.close());
  service.health.register('store', () => store.check());
  return store;
}

/** A driver is loaded by whoever uses it: the others cost neither memory nor a native library. */
async function open(choice: StoreChoice, { config }: Service, host: StoreHost): Promise<Store> {
  switch (choice) {
    case 'embedded': {
      const { openLmdbStore } = await import('@state-server/persistence-lmdb');
      return openLmdbStore({ ...host, path: config.STORE_PATH });
    }
    case 'mongodb':
    case 'foundationdb':
      throw new StoreError('unavailable', `this version was built without the driver for ${choice}`);
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
