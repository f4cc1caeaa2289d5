export * from './answer';
export { demandOf } from './demand';
export { decodeCursor, encodeCursor, page } from './cursor';
export type { Claim, IdempotencyDeps, KeyedWork } from './idempotency';
export { wantedVersions } from './if-match';
export { runKeyed } from './keyed';
export * from './read-request';
export * from './resources';
export { traceFields } from './trace';
