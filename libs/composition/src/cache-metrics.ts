import type { Cache, CacheMetrics } from '@state-server/persistence-cache';
import type { Service } from '@state-server/platform';

const AGES = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** What the cache says about itself, as numbers for Prometheus and lines for the log. */
export function cacheMetrics({ metrics, log }: Pick<Service, 'metrics' | 'log'>): CacheMetrics & {
  readonly onFailure: (reason: string) => void;
} {
  const hits = metrics.counter({
    name: 'cache_hits_total',
    help: 'Reads that were answered without the store, by who did.',
    labels: ['tier'],
  });
  const misses = metrics.counter({
    name: 'cache_misses_total',
    help: 'Reads that went to the store, by whether it had what was asked for.',
    labels: ['outcome'],
  });
  const staleness = metrics.histogram({
    name: 'cache_staleness_seconds',
    help: 'Since when nobody had looked whether what was served is still so.',
    buckets: AGES,
  });
  const asked = metrics.counter({
    name: 'cache_asked_total',
    help: 'Questions to the store where a brane stands.',
  });
  const invalidated = metrics.counter({
    name: 'cache_invalidations_total',
    help: 'Commits heard of that made what was read before old.',
  });
  const refused = metrics.counter({
    name: 'cache_fence_refusals_total',
    help: 'Late writers who would have put an older value back, by where.',
    labels: ['tier'],
  });
  const evicted = metrics.counter({ name: 'cache_evictions_total', help: 'Entries that made room.' });
  const failed = metrics.counter({
    name: 'cache_redis_failures_total',
    help: 'Commands that Redis did not answer in time.',
  });
  return {
    hit: (tier, ageMs) => {
      hits.inc({ tier });
      staleness.observe(ageMs / 1_000);
    },
    miss: (outcome) => misses.inc({ outcome }),
    asked: () => asked.inc(),
    invalidated: () => invalidated.inc(),
    refused: (tier) => refused.inc({ tier }),
    evicted: () => evicted.inc(),
    onFailure: (reason) => {
      failed.inc();
      log.debug('cache.redis.failed', { reason });
    },
  };
}

/** What the local tier holds at each scrape. */
export function cacheGauges({ metrics }: Pick<Service, 'metrics'>, cache: Cache): void {
  metrics.gauge({ name: 'cache_bytes', help: 'Held by the local tier, about.' }, (gauge) => {
    gauge.set(cache.bytes);
  });
  metrics.gauge({ name: 'cache_entries', help: 'Held by the local tier.' }, (gauge) => {
    gauge.set(cache.entries);
  });
}
