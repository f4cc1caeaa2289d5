import { openLmdbStore } from '@state-server/persistence-lmdb';
import type { Store } from '@state-server/persistence-port';
import { EXIT, type Service } from '@state-server/platform';

/**
 * The one place that decides which store a service works on. Readiness depends on it from now on, and it is closed with the
 * service. A store that can no longer be used in this process ends it: whoever supervises it starts a new one.
 */
export async function openStore(service: Service): Promise<Store> {
  const { config, environment, log } = service;
  const store = await openLmdbStore({
    path: config.STORE_PATH,
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
  service.onClose('store', () => store.close());
  service.health.register('store', () => store.check());
  return store;
}
