export type { Stamp } from './envelope';
export { buildIndex, type BuildIndexOptions, type IndexRef } from './build-index';
export {
  buildIndexes,
  type FormatHost,
  type FormatOptions,
  type Migration,
  type MigrationContext,
  openRecordStore,
  planUpgrade,
  settleFormat,
  type UpgradePlan,
} from './format';
export * from './inspect-records';
export * from './ordered-kv';
export * from './physical';
export { RecordStore } from './record-store';
export {
  rewriteIndexEntry,
  rewriteRecords,
  type NamedDocument,
  type RewriteOptions,
} from './rewrite-records';
