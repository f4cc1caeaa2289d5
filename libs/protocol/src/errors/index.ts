export * from './assert-can';
export * from './error-table';
export * from './fail';
export * from './state-error';
