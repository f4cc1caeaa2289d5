export { createAnnouncer } from './announcer';
export { askStore } from './ask-store';
export type { CacheMetrics, Tier } from './metrics';
export { decodeChanges } from './notices';
export { type Cache, createReadCache, type ReadCacheOptions } from './read-cache';
export { RedisTier, type RedisTierOptions } from './redis-tier';
export { watchWrites } from './watch-writes';
