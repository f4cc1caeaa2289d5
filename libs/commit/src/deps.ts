import type { BraneId, Environment } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import type { BraneMessage } from './committer';

/** What the write path tells about itself; every method is optional to the caller's taste and must not throw. */
export interface CommitMetrics {
  /** One transaction is durable. `entries`: log entries in it; `attempts`: 1 without a conflict. */
  committed?(group: {
    readonly braneId: BraneId;
    readonly entries: number;
    readonly ms: number;
    readonly attempts: number;
  }): void;
  /** An attempt lost against another writer. */
  conflict?(braneId: BraneId): void;
  /** A turn marker was set (SYNC L5). */
  turnClaimed?(braneId: BraneId): void;
  /** The previous entry's `at` lies this far in this machine's future, ms; told above 30 s (SYNC L4). */
  clockSkew?(braneId: BraneId, ms: number): void;
  refused?(braneId: BraneId, code: string): void;
  /** Whether a commit is stored is not known; the replica was dropped. */
  outcomeUnknown?(braneId: BraneId): void;
  /** A mistake of this software came to light, after a commit or in a replica; nothing is lost, the replica was dropped. */
  fault?(braneId: BraneId, error: unknown): void;
  /** Bytes and branes held by the replicas, after each commit. */
  replicas?(held: { readonly bytes: number; readonly branes: number }): void;
}

export interface CommitterDeps {
  readonly store: Store;
  /** Called after commit, in seq order, one call per transaction. Must not throw. */
  readonly publish: (braneId: BraneId, messages: readonly BraneMessage[]) => void;
  readonly environment: Environment;
  /** Names this process among all writers, and is new at each start (SYNC L5). */
  readonly writerId: string;
  readonly metrics?: CommitMetrics;
  /** For the replicas of all branes together; default 64 MiB. */
  readonly replicaBytes?: number;
  /** Objects below a moved group that are re-keyed with it (SYNC S2); default: the limit of the domain. More are listed. */
  readonly rekeyedAtOnce?: number;
}
