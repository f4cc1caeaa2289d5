/** What one run of a periodic piece of work did; goes to the log and the metrics of jobs-runner. */
export interface SweepReport {
  /** Documents, objects or branes dealt with. */
  readonly done: number;
  /** False when the run stopped at its bound or was told to stop: the next run goes on where this one ended. */
  readonly finished: boolean;
}

/** How much one run may do before it lets others have their turn. */
export interface SweepBounds {
  /** Documents in one transaction. */
  readonly batch: number;
  /** Transactions in one run. */
  readonly batches: number;
  readonly signal?: AbortSignal;
}

export const DEFAULT_BOUNDS: SweepBounds = { batch: 200, batches: 500 };

/**
 * Repeats a bounded step until it has nothing left to do, the bound is reached or it is told to stop. Each step is a
 * transaction of its own, so a run that is cut off anywhere has lost nothing and done nothing twice.
 */
export async function sweep(bounds: SweepBounds, step: () => Promise<number>): Promise<SweepReport> {
  let done = 0;
  for (let round = 0; round < bounds.batches; round += 1) {
    if (bounds.signal?.aborted) return { done, finished: false };
    const count = await step();
    done += count;
    if (count === 0) return { done, finished: true };
  }
  return { done, finished: false };
}

/** RFC 3339 text of a time that lies `ms` before now. */
export function before(now: number, ms: number): string {
  return new Date(now - ms).toISOString();
}
