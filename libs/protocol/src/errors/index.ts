export * from './error-table';
export * from './state-error';
