export * from './error-table';
export * from './fail';
export * from './state-error';
