export * from './ordered-kv';
export { RecordStore } from './record-store';
