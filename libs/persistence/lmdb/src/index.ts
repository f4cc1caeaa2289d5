export { LmdbKv, type LmdbKvOptions, type LmdbLog } from './lmdb-kv';
export * from './lmdb-store';
export { inspectStoreFile, type StoreFile, storeFileIn } from './store-file';
