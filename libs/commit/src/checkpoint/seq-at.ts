import type { BraneId } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { ReadTransaction, Store } from '@state-server/persistence-port';
import { withReadErrors } from '../errors';
import { isLeaving } from './scan-objects';

/**
 * The last entry at or before a time (RFC 3339 UTC with milliseconds), for times rise with the seq (SYNC L4). Undefined when
 * there is no such brane, or it is being purged. Throws `history.too_old` for a time before the first entry that is kept.
 */
export async function seqAtTime(store: Store, braneId: BraneId, time: string): Promise<number | undefined> {
  return withReadErrors(
    store.read({ label: 'history.seq_at' }, async (tx) => {
      const head = await tx.get('heads', [braneId]);
      if (!head || isLeaving({ head })) return undefined;
      const after = await firstAfter(tx, braneId, { low: head.log_floor, high: head.seq + 1 }, time);
      if (after > head.log_floor) return after - 1;
      const first = await tx.get('log', [braneId, head.log_floor]);
      throw fail('history.too_old', { time, ...(first && { from: first.at, seq: first.seq }) });
    }),
  );
}

/** The first seq in [low, high) whose entry is later than `time`; `high` when there is none. */
export async function firstAfter(
  tx: ReadTransaction,
  braneId: BraneId,
  { low, high }: { readonly low: number; readonly high: number },
  time: string,
): Promise<number> {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const entry = await tx.get('log', [braneId, middle]);
    if (entry && entry.at <= time) from = middle + 1;
    else to = middle;
  }
  return from;
}
