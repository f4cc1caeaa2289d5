import { type Committer, sweepMilestone } from '@state-server/commit';
import type { BraneId, Clock } from '@state-server/domain';
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
  let done = 0;
  let left = bounds.batches;
  for await (const head of allHeads(deps.store, bounds.batch)) {
    const days = await daysOf(deps.store, head.brane_id, deps.retentionDays);
    if (days === 0) continue;
    const cutoff = before(deps.clock.now(), days * 24 * 3_600_000);
    for (let more = true; more;) {
      if (left === 0 || bounds.signal?.aborted) return { done, finished: false };
      left -= 1;
      const step = await deps.committer.trim(head.brane_id, cutoff, bounds.batch);
      done += step.deleted;
      more = step.more;
    }
    // Checkpoints from which the log does not lead on any more.
    while (left > 0 && (await sweepMilestone(deps.store, head.brane_id, deps.clock.now()))) left -= 1;
  }
  return { done, finished: true };
}

/** The brane's own setting, else that of the server; 0: for ever. */
async function daysOf(store: Store, braneId: BraneId, byDefault: number): Promise<number> {
  const brane = await store.read({ label: 'upkeep.retention' }, (tx) => tx.get('branes', [braneId]));
  return brane?.settings?.history_days ?? byDefault;
}
