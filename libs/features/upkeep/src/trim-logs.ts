import type { Committer } from '@state-server/commit';
import type { Clock } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { allHeads } from './all-heads';
import { before, DEFAULT_BOUNDS, type SweepBounds, type SweepReport } from './sweep';

/**
 * Lets go of log entries that are older than the retention (SYNC R3), brane by brane, in bounded steps. 0 days keep
 * everything. What is younger than the op ids that are remembered, or newer than the newest checkpoint, stays in any case.
 */
export async function trimLogs(
  deps: {
    readonly store: Store;
    readonly clock: Clock;
    readonly committer: Pick<Committer, 'trim'>;
    readonly retentionDays: number;
  },
  bounds: SweepBounds = DEFAULT_BOUNDS,
): Promise<SweepReport> {
  if (deps.retentionDays === 0) return { done: 0, finished: true };
  const cutoff = before(deps.clock.now(), deps.retentionDays * 24 * 3_600_000);
  let done = 0;
  let left = bounds.batches;
  for await (const head of allHeads(deps.store, bounds.batch)) {
    for (let more = true; more;) {
      if (left === 0 || bounds.signal?.aborted) return { done, finished: false };
      left -= 1;
      const step = await deps.committer.trim(head.brane_id, cutoff, bounds.batch);
      done += step.deleted;
      more = step.more;
    }
  }
  return { done, finished: true };
}
