import type { BraneId, OpId, UserId } from '@state-server/domain';
import { StateError } from '@state-server/protocol';
import type { Coverage } from '../coverage';
import type { SimProcess } from '../kernel/sim-process';
import type { Report } from '../kernel/violation';
import type { StoreWatch } from '../oracle/store-watch';
import { describe } from '../world/server-node';

/** One op that somebody was given a promise for. */
export interface Promised {
  readonly braneId: BraneId;
  readonly userId: UserId;
  readonly opId: OpId;
}

/**
 * Refusals that leave open whether the edit was stored: the author is out of the brane or the brane is gone, or it was sent
 * too long ago to say (SYNC I4).
 */
const UNDECIDED = ['brane.not_joined', 'brane.not_found', 'brane.deleted', 'edit.too_old'];

/** Every promise that the SDK gave to the simulated people, and what it was told in the end. */
export class Promises {
  private readonly open = new Map<number, { readonly what: string; readonly process: SimProcess }>();
  private readonly refused: (Promised & { readonly code: string })[] = [];
  private last = 0;

  constructor(
    private readonly store: StoreWatch,
    private readonly coverage: Coverage,
    private readonly report: Report,
  ) {}

  /** A promise that has to settle, whatever it settles to but `internal`. */
  expect<T>(process: SimProcess, what: string, promise: Promise<T>): Promise<T | undefined> {
    this.last += 1;
    const id = this.last;
    this.open.set(id, { what, process });
    return promise.then(
      (value) => {
        this.open.delete(id);
        return value;
      },
      (error: unknown) => {
        this.open.delete(id);
        if (!(error instanceof StateError)) this.report('SIM-13', `${what}: ${describe(error)}`);
        return undefined;
      },
    );
  }

  /** An edit, undo or redo. */
  edit(
    process: SimProcess,
    op: Promised,
    saved: Promise<{ readonly seq: number; readonly epoch: string }>,
  ): void {
    this.coverage.count('edits');
    const judged = saved.then(
      (at) => this.saved(op, at),
      (error: unknown) => {
        if (error instanceof StateError) this.refuse(op, error.code);
        throw error;
      },
    );
    void this.expect(process, `op ${op.opId} of ${op.userId}`, judged);
  }

  /** Those that are not settled, of machines that still run. */
  pending(): string[] {
    return [...this.open.values()].filter(({ process }) => process.alive).map(({ what }) => what);
  }

  /** To be called at rest: what is in the log now stays in it. */
  check(): void {
    for (const { braneId, userId, opId, code } of this.refused) {
      const seq = this.store.log(braneId)?.find(userId, opId);
      if (seq !== undefined) this.report('SIM-10', `op ${opId} was refused (${code}) and stands at ${seq}`);
    }
  }

  /** An acknowledgement, by whichever door. */
  saved({ braneId, userId, opId }: Promised, at: { readonly seq: number; readonly epoch: string }): void {
    this.coverage.count('edits_saved');
    const log = this.store.log(braneId);
    const seq = log?.find(userId, opId);
    if (seq === undefined)
      this.report('SIM-2', `op ${opId} was acknowledged at ${at.seq} and is not in the log`);
    else if (at.seq < seq || at.seq > (log?.seq ?? 0) || at.epoch !== log?.head?.epoch) {
      this.report('SIM-2', `op ${opId} stands at ${seq}, and was acknowledged at ${at.seq}`);
    }
  }

  private refuse(op: Promised, code: string): void {
    this.coverage.count('edits_refused');
    if (code === 'edit.too_old') this.coverage.count('too_old');
    if (code === 'undo.superseded') this.coverage.count('undo_superseded');
    if (!UNDECIDED.includes(code)) this.refused.push({ ...op, code });
  }
}
