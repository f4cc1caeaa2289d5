export { DEFAULT_CLUSTER_FILE } from './cluster-file';
export type { FoundationDbLog } from './client';
export type { FoundationDbKv } from './foundationdb-kv';
export * from './foundationdb-store';
export type { CommitOutcome, FoundationDbMetrics } from './metrics';
