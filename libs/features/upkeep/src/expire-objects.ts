import type { Committer } from '@state-server/commit';
import type { BraneId, Clock, ObjectId } from '@state-server/domain';
import type { ObjectDoc, Store } from '@state-server/persistence-port';
import { before, DEFAULT_BOUNDS, type SweepBounds, type SweepReport } from './sweep';

/** Not a second early, whatever a few clocks say: nothing goes until so long after its time, ms. */
export const EXPIRY_GRACE_MS = 10_000;

/**
 * Deletes the objects whose lifetime is over, brane by brane, by entries of their logs. What stands in a brane that takes
 * no edits now (archived, deleted) is passed over.
 */
export async function expireObjects(
  deps: { readonly store: Store; readonly clock: Clock; readonly committer: Pick<Committer, 'expire'> },
  bounds: SweepBounds = DEFAULT_BOUNDS,
): Promise<SweepReport> {
  const cutoff = before(deps.clock.now(), EXPIRY_GRACE_MS);
  let done = 0;
  let last: ObjectDoc | undefined;
  for (let round = 0; round < bounds.batches; round += 1) {
    if (bounds.signal?.aborted) return { done, finished: false };
    const due = await dueAfter(deps.store, cutoff, last, bounds.batch);
    for (const [braneId, ids] of byBrane(due)) done += await deps.committer.expire(braneId, ids, cutoff);
    last = due.at(-1);
    if (due.length < bounds.batch) return { done, finished: true };
  }
  return { done, finished: false };
}

async function dueAfter(
  store: Store,
  cutoff: string,
  last: ObjectDoc | undefined,
  limit: number,
): Promise<ObjectDoc[]> {
  const after = last?.expires_at === undefined ? {} : { gt: [last.expires_at, last.brane_id, last.id] };
  return store.read({ label: 'upkeep.expired' }, (tx) =>
    tx.range('objects', { index: 'by_expiry', prefix: [], ...after, lt: [cutoff], limit }),
  );
}

function byBrane(docs: readonly ObjectDoc[]): Map<BraneId, ObjectId[]> {
  const branes = new Map<BraneId, ObjectId[]>();
  for (const { brane_id, id } of docs) {
    const ids = branes.get(brane_id);
    if (ids) ids.push(id);
    else branes.set(brane_id, [id]);
  }
  return branes;
}
