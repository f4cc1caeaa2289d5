import type { BraneId, Environment, TimerHandle } from '@state-server/domain';
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

/** Sends pending edits in their order; after a retryable refusal, that one first and all later ones after it (SYNC I3). */
export class EditSender {
  private open = false;
  private resendFrom: number | undefined;
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
    if (this.timer !== undefined) this.options.environment.timers.clear(this.timer);
    this.timer = undefined;
  }

  flush(): void {
    if (!this.open || this.timer !== undefined) return;
    for (const edit of this.options.pending.unsent()) if (!this.send(edit)) return;
  }

  /** A retryable refusal: its number and all later ones come again. */
  retry(edit: PendingEdit, error: StateError): void {
    if (!this.open || edit.clientSeq === undefined) return;
    this.resendFrom = Math.min(this.resendFrom ?? edit.clientSeq, edit.clientSeq);
    if (this.timer !== undefined) return;
    this.timer = this.options.environment.timers.set(error.retryAfterMs ?? RETRY_MS, () => {
      this.timer = undefined;
      const from = this.resendFrom;
      this.resendFrom = undefined;
      if (from !== undefined) for (const again of this.options.pending.from(from)) this.send(again);
      this.flush();
    });
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
