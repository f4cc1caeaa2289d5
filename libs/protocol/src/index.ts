export * from './codec';
export * from './documents';
export * from './errors';
export * from './frames';
export * from './rest';
export * from './schema';
