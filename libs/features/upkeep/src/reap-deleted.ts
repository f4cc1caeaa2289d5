import type { Committer } from '@state-server/commit';
import type { BraneId, Clock } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { before, DEFAULT_BOUNDS, type SweepBounds, type SweepReport } from './sweep';

/** How long a deleted subtree can be brought back by an undo (SYNC S1), ms. */
export const UNDO_HORIZON_MS = 24 * 3_600_000;

/** Takes away the subtrees whose deletion is past the undo horizon (SYNC S1), brane by brane. */
export async function reapDeleted(
  deps: {
    readonly store: Store;
    readonly clock: Clock;
    readonly committer: Pick<Committer, 'reap'>;
    readonly undoHorizonMs?: number;
  },
  bounds: SweepBounds = DEFAULT_BOUNDS,
): Promise<SweepReport> {
  const cutoff = before(deps.clock.now(), deps.undoHorizonMs ?? UNDO_HORIZON_MS);
  let done = 0;
  for (let left = bounds.batches; left > 0; left -= 1) {
    if (bounds.signal?.aborted) return { done, finished: false };
    const branes = await branesToReap(deps.store, cutoff, bounds.batch);
    if (branes.size === 0) return { done, finished: true };
    let progress = 0;
    for (const braneId of branes) progress += await deps.committer.reap(braneId, cutoff, bounds.batch);
    // A brane that is being purged refuses; its objects go with it.
    if (progress === 0) return { done, finished: true };
    done += progress;
  }
  return { done, finished: false };
}

async function branesToReap(store: Store, cutoff: string, limit: number): Promise<Set<BraneId>> {
  const roots = await store.read({ label: 'upkeep.deleted' }, (tx) =>
    tx.range('objects', { index: 'by_deletion', prefix: [], lt: [cutoff], limit }),
  );
  return new Set(roots.map((document) => document.brane_id));
}
