import type {
  BraneChange,
  BraneId,
  BraneMeta,
  BraneSettings,
  CompanyId,
  ClientOp,
  Epoch,
  ForkedFrom,
  ObjectId,
  Op,
  OpId,
  RestoreTarget,
  Role,
  UserId,
  Visibility,
} from '@state-server/domain';
import type { Transaction } from '@state-server/persistence-port';
import type { PromoteRequest } from './transfer/promote';
import type { TransferRequest } from './transfer/transfer';
import type { Trimmed } from './trim-log';

/** Who asks. `system` acts for the server itself (reaping, purge) and may write any brane. */
export type Actor =
  | { readonly kind: 'user'; readonly user_id: UserId; readonly session_id?: string }
  | { readonly kind: 'system'; readonly user_id: UserId };

/**
 * Extra writes of the caller in the same transaction (an Idempotency-Key record); may run several times: no side effects.
 * Runs for a replayed answer too (`outcome.replayed`). What it throws refuses this request alone, and leaves no trace.
 */
export type AlsoWrite = (tx: Transaction, outcome: Committed) => void | Promise<void>;

/** What every mutation of a brane carries. */
export interface MutationRequest {
  readonly brane_id: BraneId;
  readonly actor: Actor;
  readonly op_id: OpId;
  /** The client says that it has sent this before: then a refusal is recorded too (SYNC I2). */
  readonly again?: boolean;
  /** Where the log stood when it was first sent; below the dedupe floor the edit is `edit.too_old` (SYNC I4). */
  readonly first_sent?: { readonly epoch: Epoch; readonly seq: number };
  readonly trace_id?: string;
  /** The operation of which this is a step: it stands as one of them in the log, and is no edit that can be undone alone. */
  readonly operation_id?: string;
  readonly also?: AlsoWrite;
  /** Milliseconds until the caller wants an answer; default 5,000. */
  readonly deadlineMs?: number;
}

export interface EditRequest extends MutationRequest {
  readonly ops: readonly ClientOp[];
}

export interface RestoreRequest extends MutationRequest {
  /** What was asked for: the same for the same op id, though the targets may have come to be others (SYNC I1). */
  readonly asked: unknown;
  /** Parents before their children, what is to go last; see domain `resolveRestore`. At most RESTORE_LIMITS of them. */
  readonly targets: readonly RestoreTarget[];
  /** About how many bytes they are. */
  readonly bytes: number;
}

export interface UndoRequest extends MutationRequest {
  /** What to take back (undo) or do again (redo); without it the actor's latest (SYNC U2). */
  readonly target_op_id?: OpId;
}

export interface AdministerRequest extends MutationRequest {
  /** `set_status` to `deleted` gets its `purge_after` from the server, whatever the op says (SYNC L7). */
  readonly ops: readonly BraneChange[];
  /** The brane's version (BraneDoc) that the caller has seen; another one is `precondition.failed`. */
  readonly if_version?: number;
}

/** Durable. */
export interface Committed {
  readonly brane_id: BraneId;
  readonly op_id: OpId;
  readonly epoch: Epoch;
  readonly seq: number;
  readonly at: string;
  /** Resolved ops; empty when the answer was replayed from its record and the log entry is gone. */
  readonly ops: readonly Op[];
  /** Pointers that an undo left alone because they were changed since (SYNC U1). */
  readonly skipped?: readonly { readonly id: ObjectId; readonly pointer: string }[];
  /** True when this op id had been committed before and nothing was written now. */
  readonly replayed: boolean;
}

/**
 * One entry of the log on its way to the clients: published on `channels.brane(id)` after commit, and read back from the
 * log to fill a gap. On the bus the entries of a commit travel together, each as the CBOR array `[epoch, seq, frame]`.
 */
export interface BraneMessage {
  readonly epoch: Epoch;
  readonly seq: number;
  /** Encoded `brane.ops` frame, sent to CBOR clients as it is. */
  readonly frame: Uint8Array;
}

export interface NewBrane {
  /** It is to become a copy: nobody but the steps of that operation writes to it until it is complete. */
  readonly forked_from?: ForkedFrom;
  readonly id?: BraneId;
  readonly op_id: OpId;
  readonly name: string;
  readonly visibility: Visibility;
  readonly settings?: BraneSettings;
  /** Whose it is, instead of the user's. Whoever runs the company may. */
  readonly company_id?: CompanyId;
  readonly also?: AlsoWrite;
}

/**
 * The write path. Every method throws `StateError` (libs/protocol) for a refusal or an outage, and resolves only after
 * the effect is durable. Edits of one brane that arrive while a commit is in flight are committed together (SYNC L1, L2);
 * their log entries are published after that commit, in seq order.
 */
export interface Committer {
  edit(request: EditRequest): Promise<Committed>;
  undo(request: UndoRequest): Promise<Committed>;
  redo(request: UndoRequest): Promise<Committed>;
  /** Moves an object with all that it holds into another brane, in one transaction of both (SYNC U3). */
  transfer(request: TransferRequest): Promise<Committed>;
  /** Brings objects to what they are to be (a restore or fork, or a step of one); as one edit it can be undone. */
  restore(request: RestoreRequest): Promise<Committed>;
  /**
   * Makes a group a brane of its own, in one transaction; a link takes its place. The answer is about the new brane. No undo.
   */
  promote(request: PromoteRequest): Promise<Committed>;
  /** Creates the head, the root group (id = brane id), the owner's membership and the first log entry. */
  createBrane(
    actor: Actor,
    brane: NewBrane,
  ): Promise<{ readonly meta: BraneMeta; readonly committed: Committed }>;
  /** Name, visibility, settings, archive, members, deletion, purge: as log entries (SYNC L6, L7), with the rights each needs. */
  administer(request: AdministerRequest): Promise<Committed>;
  /** Takes away marked objects that were deleted before `before` (SYNC S1); bounded; answers how many are gone. */
  reap(braneId: BraneId, before: string, limit: number): Promise<number>;
  /**
   * Deletes those of these objects whose lifetime ended before `before`, with what they hold, as one entry of the server's
   * own that nobody can undo; answers how many were deleted. Locks do not keep them.
   */
  expire(braneId: BraneId, ids: readonly ObjectId[], before: string): Promise<number>;
  /** Finishes the re-keying of the groups that the head lists (SYNC S2); bounded; true when nothing is left. */
  rekey(braneId: BraneId, limit: number): Promise<boolean>;
  /** Raises the dedupe floor and forgets op ids below it (SYNC I4); bounded; answers how many were forgotten. */
  forget(braneId: BraneId, before: string, limit: number): Promise<number>;
  /**
   * One bounded step of letting go of log entries older than `before`: the floor rises first, never above the newest
   * checkpoint or the dedupe floor; later steps delete what lies below it (SYNC R3).
   */
  trim(braneId: BraneId, before: string, limit: number): Promise<Trimmed>;
  /**
   * Purges a deleted brane whose `purge_after` is past (SYNC L7): first the entry `purging`, then its records in bounded
   * transactions, until only the tombstone of the head and the ids (SYNC I6) are left. True when nothing is left to do:
   * it is purged, or it was restored meanwhile or is not due yet.
   */
  purge(braneId: BraneId, limit: number): Promise<boolean>;
  /** Waits for what is in flight; refuses what comes later (`gateway.draining`). */
  drain(): Promise<void>;
}

export type { Role, Trimmed };
