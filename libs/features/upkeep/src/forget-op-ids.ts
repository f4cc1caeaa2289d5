import type { Committer } from '@state-server/commit';
import type { Clock } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { allHeads } from './all-heads';
import { before, DEFAULT_BOUNDS, type SweepBounds, type SweepReport } from './sweep';

/** How long a re-sent edit is still recognised (SYNC I4), ms. */
export const DEDUPE_MS = 7 * 24 * 3_600_000;

/** Raises the dedupe floor of every brane and forgets the op ids below it (SYNC I4). */
export async function forgetOpIds(
  deps: {
    readonly store: Store;
    readonly clock: Clock;
    readonly committer: Pick<Committer, 'forget'>;
    readonly dedupeMs?: number;
  },
  bounds: SweepBounds = DEFAULT_BOUNDS,
): Promise<SweepReport> {
  const cutoff = before(deps.clock.now(), deps.dedupeMs ?? DEDUPE_MS);
  let done = 0;
  let left = bounds.batches;
  for await (const { brane_id: braneId } of allHeads(deps.store, bounds.batch)) {
    for (let count = -1; count !== 0;) {
      if (left === 0 || bounds.signal?.aborted) return { done, finished: false };
      left -= 1;
      count = await deps.committer.forget(braneId, cutoff, bounds.batch);
      done += count;
    }
  }
  return { done, finished: true };
}
