export type { Stamp } from './envelope';
export { openRecordStore, type FormatOptions, type Migration } from './format';
export * from './inspect-records';
export * from './ordered-kv';
export { RecordStore } from './record-store';
export {
  rewriteIndexEntry,
  rewriteRecords,
  type NamedDocument,
  type RewriteOptions,
} from './rewrite-records';
