import type { BraneId, Environment, OpId, UserId } from '@state-server/domain';
import type { OperationDoc, ReadTransaction, Store, Transaction } from '@state-server/persistence-port';
import type { AlsoWrite } from '../committer';

export type OperationData = Readonly<Record<string, unknown>>;

/** How far an operation has come, in whatever its kind counts. */
export interface OperationProgress {
  readonly done: number;
  readonly total?: number;
}

/** What a step leaves: where the next one goes on, or the end. */
export type StepOutcome =
  | { readonly kind: 'more'; readonly cursor: OperationData; readonly progress?: OperationProgress }
  | { readonly kind: 'done'; readonly result?: OperationData; readonly progress?: OperationProgress };

/** What a step of an operation works with. */
export interface OperationStep {
  /** As it stood when the step began. */
  readonly operation: OperationDoc;
  /** Of the edit that this step makes: the same in every attempt, so that it takes effect once (SYNC I1). */
  readonly opId: OpId;
  /** A UUID v4 that follows from the operation and the name: the same in every step and attempt. */
  derivedId(name: string): string;
  /**
   * For the `also` of the step's edit: what the step leaves is written in the edit's own transaction. Thus an edit that is
   * there says that its step is done, and a step that is taken up again after a crash finds that it is not, or not begun.
   */
  advance(outcome: StepOutcome): AlsoWrite;
  /** The same for a transaction that is no edit. */
  advanceIn(tx: Transaction, outcome: StepOutcome): Promise<void>;
  /** Told to stop: between two transactions a long step may throw `gateway.draining`; it is taken up again at once. */
  readonly signal: AbortSignal | undefined;
}

/**
 * One kind of long work. `step` does one bounded piece: at best one edit, with `advance` of what it answers as its `also`.
 * Whatever else it does must bear to be done again, for it may be cut off anywhere, and may run in two processes at once for
 * a moment. What it throws decides how it goes on: a StateError that is not retryable ends the operation with that error,
 * everything else is tried again later.
 */
export interface OperationKind {
  readonly kind: string;
  step(step: OperationStep): Promise<StepOutcome>;
}

export interface OperationDeps {
  readonly store: Store;
  readonly environment: Pick<Environment, 'clock'>;
  /** Wakes those who work operations off; they look by themselves, too (SYNC F2). Must not throw. */
  readonly poke?: () => void;
}

/** How long an ended operation can be looked at, ms: longer than its op id is remembered (SYNC I4). */
export const OPERATION_KEPT_MS = 30 * 24 * 3_600_000;

export async function readOperation(store: Store, id: string): Promise<OperationDoc | undefined> {
  return store.read({ label: 'operation.read' }, (tx) => tx.get('operations', [id]));
}

export interface ListOperations {
  readonly brane_id: BraneId;
  /** The last one of the page before. */
  readonly after?: { readonly created_at: string; readonly id: string };
  readonly limit: number;
}

/** The operations of a brane, the newest first. */
export async function listOperationsIn(tx: ReadTransaction, list: ListOperations): Promise<OperationDoc[]> {
  const { brane_id, after, limit } = list;
  return tx.range('operations', {
    index: 'by_brane',
    prefix: [brane_id],
    ...(after ? { lt: [after.created_at, after.id] } : {}),
    reverse: true,
    limit,
  });
}

/** Who asks for an operation, and under which op id. */
export interface OperationOrigin {
  /** Among whose operations it is listed. */
  readonly brane_id: BraneId;
  readonly user_id: UserId;
  readonly op_id: OpId;
  /** The brane in which the op id stands; default: `brane_id`. */
  readonly asked_of?: BraneId;
}
