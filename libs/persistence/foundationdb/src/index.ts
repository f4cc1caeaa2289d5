export { DEFAULT_CLUSTER_FILE } from './cluster-file';
export type { FoundationDbLog } from './client';
export { describeFoundationDbCluster, type FoundationDbCluster } from './cluster-status';
export type { FoundationDbKv } from './foundationdb-kv';
export {
  type FoundationDbStoreOptions,
  openFoundationDbKv,
  openFoundationDbStore,
} from './foundationdb-store';
export type { CommitOutcome, FoundationDbMetrics } from './metrics';
