export * from './codec';
export * from './errors';
export * from './frames';
export * from './rest';
export * from './schema';
