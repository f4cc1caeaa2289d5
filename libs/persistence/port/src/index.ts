export * from './collections';
export * from './documents';
export * from './store';
export * from './read-steps';
export * from './listings';
export * from './cache';
