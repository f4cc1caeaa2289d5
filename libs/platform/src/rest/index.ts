export * from './answer';
export { decodeCursor, encodeCursor, page } from './cursor';
export { runOnce, type Claim, type IdempotencyDeps, type KeyedWork } from './idempotency';
export { derivedUuid, requestFingerprint } from './fingerprint';
export { ifMatch } from './if-match';
export { idempotencyKeyOf } from './idempotency-key';
export * from './read-request';
export * from './resources';
