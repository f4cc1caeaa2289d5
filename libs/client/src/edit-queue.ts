import { asOpId, type BraneId, type ClientOp, type Environment, type OpId } from '@state-server/domain';
import { type ClientFrame, type StateError } from '@state-server/protocol';
import { EditSender } from './edit-sender';
import { refusedHere, sdkError } from './errors';
import type { EditHandle, SaveState } from './live-brane-types';
import type { OptimisticScene } from './optimistic-scene';
import { type LogPosition, type PendingEdit, type PendingEdits, type PendingKind } from './pending-edits';
import { UndoHistory } from './undo-history';

export interface EditQueueOptions {
  readonly braneId: BraneId;
  readonly environment: Environment;
  readonly scene: OptimisticScene;
  readonly pending: PendingEdits;
  readonly send: (frame: ClientFrame) => boolean;
  readonly position: () => LogPosition | undefined;
  /** The view looks different. */
  readonly changed: () => void;
  readonly saveChanged: () => void;
  readonly refused: (edit: PendingEdit, error: StateError) => void;
}

/** Own edits from the moment they are made until they are seen in the log, or refused. */
export class EditQueue {
  readonly history = new UndoHistory();
  private readonly sender: EditSender;

  constructor(private readonly options: EditQueueOptions) {
    const { braneId, environment, pending, send, position } = options;
    this.sender = new EditSender({ braneId, environment, pending, send, position });
  }

  get saveState(): SaveState {
    const { pending, environment } = this.options;
    const [oldest] = pending.all;
    const oldestMs = oldest ? environment.clock.monotonic() - oldest.madeAt : 0;
    return { saved: pending.size === 0, waiting: pending.size, oldestMs };
  }

  /** Those whose fate is not known: they may be in the log. */
  get sent(): OpId[] {
    return this.options.pending.all.filter((edit) => edit.firstSent).map((edit) => edit.opId);
  }

  /** Shown at once; throws when the rules refuse it here already. */
  edit(ops: readonly ClientOp[]): EditHandle {
    const refusal = this.options.scene.tryLocal(ops);
    if (refusal) throw refusedHere(refusal);
    const opId = this.newOpId();
    this.history.edited(opId);
    return this.enqueue('edit', opId, ops);
  }

  undo(): EditHandle | undefined {
    const opId = this.newOpId();
    const target = this.history.undo(opId);
    return target === undefined ? undefined : this.enqueue('undo', opId, [], target);
  }

  redo(): EditHandle | undefined {
    const opId = this.newOpId();
    const target = this.history.redo(opId);
    return target === undefined ? undefined : this.enqueue('redo', opId, [], target);
  }

  /** A new session numbers anew. */
  newSession(): void {
    this.options.pending.newSession();
  }

  start(): void {
    this.sender.start();
  }

  stop(): void {
    this.sender.stop();
  }

  /** Its entry is part of the confirmed state. Answers whether it was ours. */
  confirm(opId: OpId, at: LogPosition): boolean {
    const { pending } = this.options;
    const edit = pending.remove(opId);
    if (!edit) return false;
    if (edit.clientSeq && !edit.acked) pending.unanswered.set(opId, edit);
    this.options.scene.invalidate();
    edit.resolve(at);
    this.options.saveChanged();
    return true;
  }

  /** Durable. */
  acked(opId: OpId, at: LogPosition): void {
    this.options.pending.unanswered.delete(opId);
    const edit = this.options.pending.find(opId);
    if (edit) {
      edit.acked = at;
      this.confirmAcked();
    }
    this.sender.answered(opId);
  }

  /** What is acknowledged and behind us came as part of a snapshot: there will be no ops to confirm it by. */
  confirmAcked(): void {
    const here = this.options.position();
    for (const { opId, acked } of [...this.options.pending.all]) {
      if (acked && here && acked.epoch === here.epoch && acked.seq <= here.seq) this.confirm(opId, acked);
    }
  }

  /** Answers whether the error was about one of ours. */
  refused(error: StateError, opId: OpId): boolean {
    const { pending } = this.options;
    const edit = pending.find(opId) ?? pending.unanswered.get(opId);
    if (!edit) return false;
    if (error.retryable) {
      this.sender.retry(edit, error);
      return true;
    }
    // One that is in the log stays so, whatever is said of it now.
    if (pending.unanswered.delete(opId)) {
      this.sender.answered(opId);
      return true;
    }
    pending.remove(opId);
    this.history.refused(opId);
    this.options.scene.invalidate();
    edit.reject(error);
    this.options.refused(edit, error);
    this.options.changed();
    this.options.saveChanged();
    this.sender.answered(opId);
    return true;
  }

  /** Nothing more can be learned; what was acknowledged is durable, whether its author may still see it or not. */
  rejectAll(reason: string): void {
    for (const edit of [...this.options.pending.all]) {
      this.options.pending.remove(edit.opId);
      const message = `not saved: ${reason}`;
      if (edit.acked) edit.resolve(edit.acked);
      else edit.reject(sdkError('brane.not_joined', { reason }, message));
    }
  }

  private enqueue(kind: PendingKind, opId: OpId, ops: readonly ClientOp[], target?: OpId): EditHandle {
    const { pending, environment, changed, saveChanged } = this.options;
    const saved = new Promise<LogPosition>((resolve, reject) => {
      pending.add({
        opId,
        kind,
        ops,
        ...(target === undefined ? {} : { targetOpId: target }),
        madeAt: environment.clock.monotonic(),
        resolve,
        reject,
      });
    });
    // Whoever does not look at the promise hears of a refusal by the event.
    saved.catch(() => undefined);
    changed();
    saveChanged();
    this.sender.flush();
    return { opId, saved };
  }

  private newOpId(): OpId {
    return asOpId(this.options.environment.ids.uuid());
  }
}
