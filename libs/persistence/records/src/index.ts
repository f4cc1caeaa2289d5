export { openRecordStore, type FormatOptions, type Migration } from './format';
export * from './ordered-kv';
export { RecordStore } from './record-store';
