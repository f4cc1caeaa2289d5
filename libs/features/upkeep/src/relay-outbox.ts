import type { Store } from '@state-server/persistence-port';
import { DEFAULT_BOUNDS, type SweepBounds, type SweepReport } from './sweep';

/** Puts one piece of work into its queue; the same id twice is once (SYNC F1). Rejects while the queue is away. */
export type Enqueue = (
  queue: string,
  id: string,
  payload: Readonly<Record<string, unknown>>,
) => Promise<void>;

/**
 * Hands on what transactions asked for. A record stays until its work is done, and is handed on again and again: what the
 * queue has forgotten (Redis restarted empty) it hears of once more.
 */
export async function relayOutbox(
  deps: { readonly store: Store; readonly enqueue: Enqueue },
  bounds: SweepBounds = DEFAULT_BOUNDS,
): Promise<SweepReport> {
  const waiting = await deps.store.read({ label: 'upkeep.outbox' }, (tx) =>
    tx.range('outbox', { index: 'by_state', prefix: ['waiting'], limit: bounds.batch }),
  );
  let done = 0;
  for (const record of waiting) {
    if (bounds.signal?.aborted) return { done, finished: false };
    await deps.enqueue(record.queue, record.id, record.payload);
    done += 1;
  }
  return { done, finished: waiting.length < bounds.batch };
}

/** The work of this record is done: it goes. */
export async function settleOutbox(store: Store, id: string): Promise<void> {
  await store.transact({ label: 'upkeep.outbox.settle' }, (tx) => {
    tx.delete('outbox', [id]);
    return Promise.resolve();
  });
}
