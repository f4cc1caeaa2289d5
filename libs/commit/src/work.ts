import type { BraneChange, ClientOp, ObjectId, OpId, RestoreTarget } from '@state-server/domain';
import type { BraneMessage, Committed, MutationRequest } from './committer';
import type { StateError } from '@state-server/protocol';

/** What is asked of a brane. */
export type Demand =
  | { readonly kind: 'edit'; readonly ops: readonly ClientOp[] }
  | {
      readonly kind: 'undo' | 'redo';
      readonly target: OpId | undefined;
      /** Moves between branes are not what is meant: one was tried, and superseded. */
      readonly pastTransfers?: boolean;
    }
  | {
      readonly kind: 'restore';
      readonly asked: unknown;
      readonly targets: readonly RestoreTarget[];
      readonly bytes: number;
    }
  | {
      readonly kind: 'administer';
      readonly ops: readonly BraneChange[];
      readonly ifVersion: number | undefined;
    }
  | { readonly kind: 'reap'; readonly before: string; readonly limit: number }
  | { readonly kind: 'expire'; readonly ids: readonly ObjectId[]; readonly before: string };

/** One request that becomes at most one log entry (SYNC L1), from its arrival to its answer. */
export interface Work {
  readonly demand: Demand;
  readonly request: Omit<MutationRequest, 'deadlineMs'>;
  /** Of the payload (SYNC I1). The server's own work has one too: by its record an attempt of unknown outcome is found out. */
  readonly fingerprint: string;
  /** About how large the request is; groups are cut by it (SYNC L2). */
  readonly bytes: number;
  /** Monotonic ms. */
  readonly deadlineAt: number;
  /** The i-th id that the server gives in this request: drawn once, so that every attempt gives the same (ARCHITECTURE, Persistence). */
  newId(index: number): ObjectId;
  /** Answered already: its time was up. */
  readonly settled: boolean;
  succeed(committed: Committed): void;
  fail(error: unknown): void;
}

/** What a transaction made of one request. */
export type Verdict =
  | { readonly kind: 'entry'; readonly committed: Committed; readonly message: BraneMessage }
  | { readonly kind: 'replayed'; readonly committed: Committed }
  | { readonly kind: 'refused'; readonly error: StateError };
