export * from './expire-documents';
export * from './forget-op-ids';
export * from './purge-branes';
export * from './reap-deleted';
export * from './rekey-brane';
export * from './relay-outbox';
export * from './sweep';
