import { type Bus, channels } from '@state-server/messaging-port';
import {
  askStore,
  createAnnouncer,
  createReadCache,
  decodeChanges,
  RedisTier,
  watchWrites,
} from '@state-server/persistence-cache';
import type { Changes, ReadCache, Store } from '@state-server/persistence-port';
import { cacheChoice, type Service } from '@state-server/platform';
import { cacheGauges, cacheMetrics } from './cache-metrics';

/** How long it is believed that something is not there, ms. */
const ABSENT_MS = 200;

interface Below {
  readonly store: Store;
  readonly bus: Bus;
}

export interface OpenedCache {
  /** To be used from now on, by the write path too: it tells the caches what was committed. */
  readonly store: Store;
  /** Absent where it is switched off. */
  readonly cache: ReadCache | undefined;
}

/** The cache of a service that answers reads (see docs/spec/cache.md), as far as the configuration wants one. */
export async function openCache(service: Service, { store, bus }: Below): Promise<OpenedCache> {
  const { config, environment, log } = service;
  const choice = cacheChoice(config);
  log.info('cache.opened', { cache: choice });
  if (choice === 'off') return { store, cache: undefined };
  const metrics = cacheMetrics(service);
  const redis = choice === 'redis' ? openRedis(service, metrics.onFailure) : undefined;
  const cache = createReadCache({
    environment,
    maxBytes: config.CACHE_BYTES,
    staleMs: config.CACHE_STALE_MS,
    absentMs: ABSENT_MS,
    ask: askStore(store),
    metrics,
    ...(redis && { redis }),
  });
  cacheGauges(service, cache);
  const subscription = await bus.subscribe(channels.changes, (payload) => {
    const changes = decodeChanges(payload);
    if (changes) cache.changed(changes);
    else log.warn('cache.message_invalid', { bytes: payload.byteLength });
  });
  service.onClose('cache', () => subscription.unsubscribe());
  const announce = createAnnouncer({ bus, ...(redis && { redis }) });
  const onChanges = (changes: Changes): void => {
    cache.changed(changes);
    announce(changes);
  };
  return { store: watchWrites(store, onChanges), cache };
}

/** The store of a service that keeps nothing itself, but writes: others hear of it. */
export function announceWrites(service: Service, { store, bus }: Below): Store {
  const choice = cacheChoice(service.config);
  if (choice === 'off') return store;
  const redis = choice === 'redis' ? openRedis(service, () => undefined) : undefined;
  return watchWrites(store, createAnnouncer({ bus, ...(redis && { redis }) }));
}

function openRedis(service: Service, onFailure: (reason: string) => void): RedisTier {
  const { config, environment } = service;
  const redis = new RedisTier({
    url: config.REDIS_URL,
    deadlineMs: config.CACHE_REDIS_MS,
    now: () => environment.clock.monotonic(),
    onFailure,
  });
  service.onClose('cache redis', () => {
    redis.close();
    return Promise.resolve();
  });
  return redis;
}
