export * from './collections';
export * from './documents';
export * from './store';
