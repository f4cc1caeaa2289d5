import type { HeadDoc, OpResultDoc } from '@state-server/persistence-port';
import type { Ground, Step } from './lane';

/**
 * Forgets up to `limit` op ids whose records are older than `before`, and raises the dedupe floor so far first, in the same
 * transaction (SYNC I4). The floor never passes the head: what a client sends for the first time now is valid later, too.
 */
export async function forgetStep(ground: Ground, before: string, limit: number): Promise<Step<number>> {
  const { head, tx } = ground;
  if (head.status === 'purging' || head.status === 'purged') return { value: 0 };
  const oldest = await tx.range('op_results', {
    index: 'by_seq',
    prefix: [head.brane_id],
    lt: [head.seq],
    limit,
  });
  const old = oldest.slice(0, firstYoung(oldest, before));
  const floor = floorAbove(old, oldest, limit);
  const forgotten = old.filter((record) => record.seq < floor);
  for (const record of forgotten) tx.delete('op_results', [record.brane_id, record.user_id, record.op_id]);
  if (floor <= head.dedupe_floor) {
    if (forgotten.length > 0) tx.guard('heads', [head.brane_id]);
    return { value: forgotten.length };
  }
  const next: HeadDoc = { ...head, dedupe_floor: floor };
  return { value: forgotten.length, head: next };
}

/** Records come in the order of their seq, and times rise with it (SYNC L4). */
function firstYoung(records: readonly OpResultDoc[], before: string): number {
  const at = records.findIndex((record) => record.at >= before);
  return at < 0 ? records.length : at;
}

/** The floor that lets go of these records; 0 for none. */
function floorAbove(old: readonly OpResultDoc[], read: readonly OpResultDoc[], limit: number): number {
  const first = old[0];
  const last = old.at(-1);
  if (!first || !last) return 0;
  const next = read[old.length];
  // More records of the last seq may follow: refusals share the seq of the head at their time (SYNC I2).
  const unsure = next ? next.seq === last.seq : read.length === limit;
  return unsure && first.seq < last.seq ? last.seq : last.seq + 1;
}
