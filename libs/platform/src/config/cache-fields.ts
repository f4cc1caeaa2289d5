import type { ConfigOf } from './define-config';
import { integer, oneOf } from './field';
import { type StoreConfig, storeChoice } from './store-fields';

/** What is kept of what was read from the store: see docs/spec/cache.md. */
export const cacheFields = {
  CACHE: oneOf(['auto', 'off', 'local', 'redis'], {
    description:
      'What was read is kept in this process (local), and in Redis too (redis). auto: redis, but off with the embedded store, which answers sooner by itself.',
    default: 'auto',
  }),
  CACHE_BYTES: integer(
    { min: 65_536, max: 2 ** 40 },
    { description: 'What one process keeps, at most.', unit: 'bytes', default: '67108864' },
  ),
  CACHE_STALE_MS: integer(
    { min: 0, max: 10_000 },
    {
      description:
        'How old a cached answer may be, and with it what it says of who may see it; 0 asks the store each time where it stands.',
      unit: 'ms',
      default: '250',
    },
  ),
  CACHE_REDIS_MS: integer(
    { min: 1, max: 1_000 },
    { description: 'Redis is not waited for longer than this by a cached read.', unit: 'ms', default: '50' },
  ),
} as const;

export type CacheConfig = ConfigOf<typeof cacheFields>;

/** What `auto` comes to. */
export function cacheChoice(
  config: Pick<CacheConfig, 'CACHE'> & Pick<StoreConfig, 'FDB_ENABLED' | 'MONGODB_URI'>,
): 'off' | 'local' | 'redis' {
  if (config.CACHE !== 'auto') return config.CACHE;
  return storeChoice(config) === 'embedded' ? 'off' : 'redis';
}
