export { type Fault, type MemoryFaults, type MemoryKv, type MemoryKvOptions } from './memory-kv';
export * from './memory-store';
