export { type LmdbLog } from './lmdb-kv';
export * from './lmdb-store';
