import type { ClientOp, Epoch, OpId } from '@state-server/domain';

export interface LogPosition {
  readonly epoch: Epoch;
  readonly seq: number;
}

export type PendingKind = 'edit' | 'undo' | 'redo';

/** One edit on its way: made here, not yet seen in the log. */
export interface PendingEdit {
  readonly opId: OpId;
  readonly kind: PendingKind;
  readonly ops: readonly ClientOp[];
  readonly targetOpId?: OpId;
  /** Monotonic ms when it was made. */
  readonly madeAt: number;
  /** Where the log stood when it was sent first (SYNC I4); undefined: never sent. */
  firstSent?: LogPosition;
  /** Its number in the present session and brane (SYNC I3); undefined: not sent in this session. */
  clientSeq?: number;
  /** The server said durable; its entry is still to come, alone or as a part of a snapshot. */
  acked?: LogPosition;
  readonly resolve: (at: LogPosition) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The edits that are not confirmed yet, in the order in which they were made. The queue survives every reconnect: op ids
 * stay, so that a retry never doubles (SYNC I1, I2); numbers are given anew in each session (SYNC I3).
 */
export class PendingEdits {
  private readonly edits: PendingEdit[] = [];
  /** Seen in the log before the server has answered them in this session: it may still ask for their numbers (SYNC I3). */
  readonly unanswered = new Map<OpId, PendingEdit>();
  private nextClientSeq = 1;

  get size(): number {
    return this.edits.length;
  }

  get all(): readonly PendingEdit[] {
    return this.edits;
  }

  add(edit: PendingEdit): void {
    this.edits.push(edit);
  }

  find(opId: OpId): PendingEdit | undefined {
    return this.edits.find((edit) => edit.opId === opId);
  }

  remove(opId: OpId): PendingEdit | undefined {
    const index = this.edits.findIndex((edit) => edit.opId === opId);
    return index < 0 ? undefined : this.edits.splice(index, 1)[0];
  }

  /** A new session numbers from 1 again. */
  newSession(): void {
    this.nextClientSeq = 1;
    this.unanswered.clear();
    for (const edit of this.edits) delete edit.clientSeq;
  }

  /** Gives the edit its number, the same one at every call within a session. */
  number(edit: PendingEdit): number {
    edit.clientSeq ??= this.nextClientSeq++;
    return edit.clientSeq;
  }

  /**
   * A refusal that is final uses its number up; one that is to be tried again keeps it, and so do all after it.
   * Answers those to send again, in order.
   */
  from(clientSeq: number): PendingEdit[] {
    return [...this.unanswered.values(), ...this.edits]
      .filter((edit) => (edit.clientSeq ?? 0) >= clientSeq)
      .sort((one, other) => (one.clientSeq ?? 0) - (other.clientSeq ?? 0));
  }

  /** Made but not sent in this session. */
  unsent(): PendingEdit[] {
    return this.edits.filter((edit) => edit.clientSeq === undefined);
  }
}
