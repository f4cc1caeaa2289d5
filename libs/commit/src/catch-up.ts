import type { HeadDoc, ReadTransaction } from '@state-server/persistence-port';
import { decodeEntryOps } from './frame';
import type { Replica } from './replica';

/** With more entries than this between, starting anew is cheaper than reading them. */
const MAX_ENTRIES = 128;

/**
 * Brings a replica up to the head with the entries that other writers committed since. Answers false when that cannot
 * be done (too many, gone, or not gapless): the replica is to be dropped. Entries are durable, so what the replica has
 * learned holds even when this transaction itself comes to nothing.
 */
export async function catchUp(tx: ReadTransaction, replica: Replica, head: HeadDoc): Promise<boolean> {
  const missing = head.seq - replica.seq;
  if (missing > 0) {
    if (missing > MAX_ENTRIES || replica.seq + 1 < head.log_floor) return false;
    const entries = await tx.range('log', {
      prefix: [head.brane_id],
      gt: [replica.seq],
      lte: [head.seq],
      limit: missing,
    });
    if (entries.length !== missing) return false;
    for (const entry of entries) {
      const context = { seq: entry.seq, at: entry.at, actor: entry.actor };
      for (const op of decodeEntryOps(entry.frame)) replica.follow(op, context);
    }
  }
  replica.standOn(head);
  return true;
}
