import type { BraneId, Environment, OpId, TimerHandle } from '@state-server/domain';
import type { ClientFrame, StateError } from '@state-server/protocol';
import type { LogPosition, PendingEdit, PendingEdits } from './pending-edits';

export interface SenderOptions {
  readonly braneId: BraneId;
  readonly pending: PendingEdits;
  readonly environment: Environment;
  /** False when there is no open session. */
  readonly send: (frame: ClientFrame) => boolean;
  /** Where the log stands for this client; undefined before the first state. */
  readonly position: () => LogPosition | undefined;
}

/** Milliseconds before a retryable refusal is tried again when the server does not say. */
const RETRY_MS = 250;
/** How often the wait doubles at most while the same edit is refused again and again: 1 s. */
const MOST_DOUBLINGS = 2;

/**
 * Sends pending edits in their order; after a retryable refusal, that one first and all later ones after it (SYNC I3). One
 * that is refused again then goes alone, ever more slowly, until it passes: a server that has trouble is not flooded.
 */
export class EditSender {
  private open = false;
  private resendFrom: number | undefined;
  /** The number that was tried again last, and how often in a row. */
  private tried = { clientSeq: 0, times: 0 };
  /** Goes alone; all others wait for what becomes of it. */
  private probe: PendingEdit | undefined;
  private timer: TimerHandle | undefined;

  constructor(private readonly options: SenderOptions) {}

  /** The brane is in sync: what waits goes out. */
  start(): void {
    this.open = true;
    this.flush();
  }

  /** The session or the view is gone: everything waits. */
  stop(): void {
    this.open = false;
    this.resendFrom = undefined;
    this.probe = undefined;
    this.tried = { clientSeq: 0, times: 0 };
    if (this.timer !== undefined) this.options.environment.timers.clear(this.timer);
    this.timer = undefined;
  }

  flush(): void {
    if (!this.open || this.timer !== undefined || this.probe) return;
    for (const edit of this.options.pending.unsent()) if (!this.send(edit)) return;
  }

  /** A retryable refusal: its number and all later ones come again. */
  retry(edit: PendingEdit, error: StateError): void {
    if (!this.open || edit.clientSeq === undefined) return;
    // What comes after the probe waits for it anyway.
    if (edit.clientSeq > (this.probe?.clientSeq ?? Infinity)) return;
    this.resendFrom = Math.min(this.resendFrom ?? edit.clientSeq, edit.clientSeq);
    if (this.timer !== undefined) return;
    const times = this.tried.clientSeq === this.resendFrom ? this.tried.times : 0;
    const wait = (error.retryAfterMs ?? RETRY_MS) * 2 ** Math.min(times, MOST_DOUBLINGS);
    this.timer = this.options.environment.timers.set(wait, () => {
      this.timer = undefined;
      this.resend();
    });
  }

  /** Something has become of this edit: what waited for it goes on. */
  answered(opId: OpId): void {
    if (this.probe?.opId !== opId) return;
    const { clientSeq } = this.probe;
    this.probe = undefined;
    if (!this.open || this.timer !== undefined) return;
    for (const next of this.options.pending.from((clientSeq ?? 0) + 1)) this.send(next);
    this.flush();
  }

  private resend(): void {
    const from = this.resendFrom;
    this.resendFrom = undefined;
    this.probe = undefined;
    const edits = from === undefined ? [] : this.options.pending.from(from);
    const [first] = edits;
    if (first && first.clientSeq === this.tried.clientSeq) {
      this.tried.times += 1;
      this.probe = first;
      this.send(first);
      return;
    }
    this.tried = { clientSeq: first?.clientSeq ?? 0, times: first ? 1 : 0 };
    for (const again of edits) this.send(again);
    this.flush();
  }

  private send(edit: PendingEdit): boolean {
    const { braneId, pending, position } = this.options;
    const again = edit.firstSent;
    const identity = {
      brane_id: braneId,
      op_id: edit.opId,
      client_seq: pending.number(edit),
      ...(again ? { again: true, first_sent: again } : {}),
    };
    const sent = this.options.send(
      edit.kind === 'edit'
        ? { type: 'brane.edit', ...identity, ops: edit.ops }
        : {
            type: `brane.${edit.kind}`,
            ...identity,
            ...(edit.targetOpId === undefined ? {} : { target_op_id: edit.targetOpId }),
          },
    );
    const here = position();
    if (sent && here && !edit.firstSent) edit.firstSent = here;
    return sent;
  }
}
