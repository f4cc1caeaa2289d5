import type { HeadDoc, ReadTransaction } from '@state-server/persistence-port';
import type { Ground, Step } from './lane';

/** Entries are large. */
const ENTRIES_PER_STEP = 100;

/** `floor`: of the log as it is now; `deleted`: entries that went in this step; `more`: another step has something to do. */
export interface Trimmed {
  readonly floor: number;
  readonly deleted: number;
  readonly more: boolean;
}

/**
 * One bounded step of letting go of entries older than `before` (SYNC R3). First the floor rises, in a transaction of its
 * own; only later ones delete what lies below it. The floor stays at or below the newest checkpoint, without which nobody
 * could get past the gap, and at or below the dedupe floor.
 */
export async function trimStep(ground: Ground, before: string, limit: number): Promise<Step<Trimmed>> {
  const { head, tx } = ground;
  if (head.status === 'purging' || head.status === 'purged') {
    return { value: { floor: head.log_floor, deleted: 0, more: false } };
  }
  const deleted = await deleteBelowFloor(ground, Math.min(limit, ENTRIES_PER_STEP));
  if (deleted > 0) return { value: { floor: head.log_floor, deleted, more: true } };
  const checkpoint = await tx.get('checkpoints', [head.brane_id]);
  const highest =
    checkpoint?.epoch === head.epoch ? Math.min(checkpoint.seq, head.seq, head.dedupe_floor) : 0;
  const floor = await firstYoung(tx, head, highest, before);
  if (floor <= head.log_floor) return { value: { floor: head.log_floor, deleted: 0, more: false } };
  return { value: { floor, deleted: 0, more: true }, head: { ...head, log_floor: floor } };
}

async function deleteBelowFloor({ tx, head }: Ground, limit: number): Promise<number> {
  const old = await tx.range('log', { prefix: [head.brane_id], lt: [head.log_floor], limit });
  for (const { seq } of old) tx.delete('log', [head.brane_id, seq]);
  // A floor never falls: nobody can want them back.
  return old.length;
}

/** The first seq in [log_floor, highest] whose entry is not older than `before`: times rise with the seq (SYNC L4). */
async function firstYoung(
  tx: ReadTransaction,
  { brane_id, log_floor }: HeadDoc,
  highest: number,
  before: string,
): Promise<number> {
  let low = log_floor;
  let high = highest;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const entry = await tx.get('log', [brane_id, middle]);
    if (entry && entry.at < before) low = middle + 1;
    else high = middle;
  }
  return low;
}
