export * from './committer';
export {
  type BraneView,
  type ChildrenPage,
  type ObjectView,
  type Position,
  readBrane,
  readBraneIn,
  readChildren,
  readHead,
  readMeta,
  readObject,
} from './read';
export { type LogRange, type LogSlice, readLog } from './read-log';
export { readSnapshot, type Snapshot, type SnapshotOptions } from './read-snapshot';
export {
  decodeBraneMessage,
  decodeHeads,
  encodeBraneMessage,
  encodeHeads,
  type HeadNotice,
} from './messages';
export { createHeadHeartbeat, HEARTBEAT_MS, type HeadHeartbeat } from './heartbeat';
export { createPublisher, type Publisher } from './publisher';
export type { CommitMetrics, CommitterDeps } from './deps';
export { fromStoreError, toCommitError, withReadErrors } from './errors';
export { createCommitter, SYSTEM_USER } from './create-committer';
export { expectedSpace } from './space-index';
export { REKEY_QUEUE } from './write-changes';
export { withResult } from './with-result';
