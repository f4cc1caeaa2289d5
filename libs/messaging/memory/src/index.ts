export * from './memory-hub';
