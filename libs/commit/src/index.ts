export { authoriseInBrane } from './authorise-in-brane';
export * from './committer';
export { type CompanyView, readCompanyIn } from './company';
export {
  COMPANY_REACH,
  countsAfter,
  leaveForGood,
  putCompany,
  reachCompany,
  type ReachCompany,
} from './company-changes';
export {
  type BraneView,
  type ChildrenPage,
  type ObjectView,
  type Position,
  readBrane,
  readBraneAs,
  readBraneIn,
  readChildren,
  readHead,
  readMeta,
  readObject,
  viewObject,
} from './read';
export { readRegion, type RegionPage, type RegionPlace, type RegionQuery } from './region/read-region';
export type { ObjectInRegion } from './region/seen-objects';
export {
  type OtherUser,
  type ReadAs,
  readBraneFor,
  readObjectFor,
  type Reads,
  readUserFor,
} from './cached-reads';
export { type LogRange, type LogSlice, readLog } from './read-log';
export {
  buildCheckpoint,
  CHECKPOINT_POLICY,
  type CheckpointDeps,
  type CheckpointOutcome,
  type CheckpointPolicy,
} from './checkpoint/build-checkpoint';
export { dueCheckpoints, wantCheckpoint } from './checkpoint/due';
export {
  type BraneState,
  type CheckpointPosition,
  readCheckpoint,
  readCheckpointPosition,
  readState,
  type ReadStateOptions,
  type StateChunk,
} from './checkpoint/read-checkpoint';
export { MILESTONE_GAP } from './checkpoint/milestones';
export { seqAtTime } from './checkpoint/seq-at';
export { hasStateAt, type PastState, readStateAt } from './checkpoint/state-at';
export { sweepMilestone } from './checkpoint/sweep-milestones';
export { GARBAGE_GRACE_MS, sweepCheckpointGarbage } from './checkpoint/sweep-garbage';
export { readSnapshot, type Snapshot, type SnapshotOptions } from './read-snapshot';
export {
  decodeBraneMessages,
  decodeHeads,
  encodeBraneMessages,
  encodeHeads,
  type HeadNotice,
} from './messages';
export { createHeadHeartbeat, HEARTBEAT_MS, type HeadHeartbeat } from './heartbeat';
export { createPublisher, type Publisher } from './publisher';
export type { CommitMetrics, CommitterDeps } from './deps';
export { fromStoreError, toCommitError, withReadErrors } from './errors';
export { createCommitter, SYSTEM_USER } from './create-committer';
export { expectedSpace } from './space-index';
export type { PromoteRequest } from './transfer/promote';
export type { TransferRequest } from './transfer/transfer';
export { REKEY_QUEUE } from './write-changes';
export { withResult } from './with-result';
export { type BraneFault, type BraneReport, checkBrane, type CheckBraneOptions } from './check-brane';
export { repairBrane, type RepairReport, type Rewrite } from './repair-brane';
export {
  listOperationsIn,
  type OperationData,
  type OperationDeps,
  type OperationKind,
  type OperationOrigin,
  type OperationProgress,
  type OperationStep,
  readOperation,
  type StepOutcome,
} from './operations/operation';
export {
  operationId,
  type StartedOperation,
  type StartOperation,
  startOperation,
  startOperationIn,
} from './operations/start-operation';
export {
  dueOperations,
  OPERATION_LEASE_MS,
  operationKinds,
  type WorkDeps,
  workOperation,
  type WorkOutcome,
} from './operations/work-operation';
export { FORK, forkedBraneId, type ForkInput, forkOperation } from './history/fork-operation';
export { type HistoryDeps, PastTree } from './history/past-tree';
export {
  collectBatch,
  RESTORE_LIMITS,
  RESTORE_START,
  type RestoreBatch,
  type RestorePlan,
} from './history/restore-batch';
export { RESTORE, type RestoreInput, restoreOperation } from './history/restore-operation';
export { renewEpochs } from './renew-epochs';
export { type FoundListings, type ListingSort, searchListings, type SearchListings } from './search-listings';
