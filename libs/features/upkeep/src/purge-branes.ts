import type { Committer } from '@state-server/commit';
import type { Clock } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { before, DEFAULT_BOUNDS, type SweepBounds, type SweepReport } from './sweep';

/** An hour late rather than a second early (SYNC L4). */
const GRACE_MS = 3_600_000;

/** Purges the branes whose 30 days after deletion are over (SYNC L7), each in bounded steps, resumed by the next run. */
export async function purgeBranes(
  deps: { readonly store: Store; readonly clock: Clock; readonly committer: Pick<Committer, 'purge'> },
  bounds: SweepBounds = DEFAULT_BOUNDS,
): Promise<SweepReport> {
  const cutoff = before(deps.clock.now(), GRACE_MS);
  const due = await deps.store.read({ label: 'upkeep.purge' }, (tx) =>
    tx.range('branes', { index: 'by_purge', prefix: [], lt: [cutoff], limit: bounds.batch }),
  );
  let done = 0;
  let left = bounds.batches;
  for (const brane of due) {
    for (let finished = false; !finished; left -= 1) {
      if (left === 0 || bounds.signal?.aborted) return { done, finished: false };
      finished = await deps.committer.purge(brane.id, bounds.batch);
    }
    done += 1;
  }
  return { done, finished: due.length < bounds.batch };
}
