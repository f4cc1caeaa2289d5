export * from './checkpoint-documents';
export * from './collections';
export * from './documents';
export * from './operation-document';
export * from './store';
export * from './read-steps';
export * from './listings';
export * from './cache';
