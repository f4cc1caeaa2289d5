import { fail, type StateError, toStateError } from '@state-server/protocol';

/** One edit, undo or redo of a session in a brane. */
export interface QueuedEdit {
  /** Gapless from 1 per session and brane (SYNC I3). */
  readonly clientSeq: number;
  /** Resolves when it is durable and answered; rejects with why not. */
  run(): Promise<void>;
  refuse(error: StateError): void;
}

interface Accepted extends QueuedEdit {
  /** Not a number that was used up before, sent once more. */
  readonly isNew: boolean;
}

export interface EditQueueLimits {
  readonly edits_waiting: number;
  readonly edits_per_batch: number;
}

/**
 * The order of one session's edits in one brane (SYNC I3). What comes in while the last batch is being committed makes the
 * next one, so that a retryable refusal can stop all that was sent after it: nothing overtakes. Costs no time, since the
 * write path does not take more of a brane before its commit is through.
 */
export class EditQueue {
  private next = 1;
  /** Numbers above `next` that are settled: they were committed with one that has to come again. */
  private settled: Set<number> | undefined;
  private waiting: Accepted[] = [];
  private running = 0;

  constructor(private readonly limits: EditQueueLimits) {}

  /** Edits that are not answered yet. */
  get open(): number {
    return this.waiting.length + this.running;
  }

  /** No number of it has been used up. */
  get isUnused(): boolean {
    return this.next === 1 && this.open === 0;
  }

  /** Throws `edit.out_of_order` or `rate.limited`: both are tried again under the same number. */
  check(clientSeq: number, again: boolean): void {
    if (clientSeq > this.next || (clientSeq < this.next && !again)) {
      throw fail(
        'edit.out_of_order',
        { client_seq: clientSeq, expected: this.next },
        clientSeq > this.next
          ? `This is number ${clientSeq}, but number ${this.next} has not come yet: send it first.`
          : `Number ${clientSeq} has been here; an edit that is sent again says so with "again".`,
      );
    }
    if (this.open >= this.limits.edits_waiting) {
      throw fail('rate.limited', { waiting: this.open }, undefined, { retryAfterMs: 250 });
    }
  }

  /** The number is used up: by what is queued now, or by a refusal that is final. */
  use(clientSeq: number): void {
    this.next = Math.max(this.next, clientSeq + 1);
    while (this.settled?.delete(this.next) === true) this.next += 1;
  }

  /** Of an edit that passed `check`. */
  add(edit: QueuedEdit): void {
    this.waiting.push({ ...edit, isNew: edit.clientSeq >= this.next });
    this.use(edit.clientSeq);
    if (this.running === 0) void this.drain();
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.limits.edits_per_batch);
      this.running = batch.length;
      const toRepeat = await Promise.all(batch.map((edit) => this.isToRepeat(edit)));
      this.running = 0;
      const first = batch.findIndex((edit, index) => edit.isNew && toRepeat[index] === true);
      if (first < 0) continue;
      const done = batch.filter((edit, index) => index > first && edit.isNew && toRepeat[index] === false);
      this.goBackTo(batch[first], done);
    }
  }

  private async isToRepeat(edit: Accepted): Promise<boolean> {
    try {
      await edit.run();
      return false;
    } catch (thrown) {
      const error = toStateError(thrown);
      edit.refuse(error);
      return error.retryable;
    }
  }

  /** All later ones are refused until this number comes again. */
  private goBackTo(edit: Accepted | undefined, done: readonly Accepted[]): void {
    if (!edit) return;
    this.next = edit.clientSeq;
    for (const { clientSeq } of done) (this.settled ??= new Set()).add(clientSeq);
    const { waiting } = this;
    this.waiting = waiting.filter((later) => !later.isNew);
    for (const later of waiting) {
      if (!later.isNew) continue;
      later.refuse(fail('edit.out_of_order', { client_seq: later.clientSeq, expected: this.next }));
    }
  }
}
