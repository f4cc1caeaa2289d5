export * from './collections';
export * from './store';
