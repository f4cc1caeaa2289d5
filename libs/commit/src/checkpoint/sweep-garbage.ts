import type { BraneId } from '@state-server/domain';
import type { CheckpointGarbageDoc, Store, Transaction } from '@state-server/persistence-port';

/** Readers that took hold of a checkpoint before it was replaced have so long to read its chunks, ms. */
export const GARBAGE_GRACE_MS = 120_000;

/** Deletions in one transaction. */
const STEP = 500;

/**
 * Deletes what checkpoints have left behind before `now - graceMs`: one bounded transaction; answers how many records are
 * gone, 0 when there is nothing. A build that is still going on is lost by it, and notices (BuildLost).
 */
export async function sweepCheckpointGarbage(
  store: Store,
  now: number,
  graceMs = GARBAGE_GRACE_MS,
): Promise<number> {
  const cutoff = new Date(now - graceMs).toISOString();
  return store.transact({ label: 'checkpoint.sweep' }, async (tx) => {
    const [oldest] = await tx.range('checkpoint_garbage', {
      index: 'by_time',
      prefix: [],
      lt: [cutoff],
      limit: 1,
    });
    return oldest ? sweepOne(tx, oldest) : 0;
  });
}

/** What is left of the list is written back, so that a builder that finds it changed knows. */
function sweepOne(tx: Transaction, garbage: CheckpointGarbageDoc): number {
  const { brane_id } = garbage;
  const left: CheckpointGarbageDoc['dead'][number][] = [];
  let count = 0;
  for (const { build, pages, chunks } of garbage.dead) {
    const now = chunks.slice(0, Math.max(0, STEP - count));
    for (const number of now) tx.delete('checkpoint_chunks', [brane_id, build, number]);
    for (let page = 0; page < pages; page += 1) tx.delete('checkpoint_pages', [brane_id, build, page]);
    count += now.length + pages;
    if (now.length < chunks.length) left.push({ build, pages: 0, chunks: chunks.slice(now.length) });
  }
  if (left.length > 0) tx.put('checkpoint_garbage', { ...garbage, dead: left });
  else tx.delete('checkpoint_garbage', [brane_id, garbage.build]);
  return count + 1;
}

/** One bounded step of taking away all that a brane has of checkpoints (SYNC L7); true when something was left. */
export async function purgeCheckpoints(tx: Transaction, braneId: BraneId, limit: number): Promise<boolean> {
  const prefix = [braneId];
  tx.delete('checkpoints', prefix);
  tx.delete('checkpoint_due', prefix);
  const milestones = await tx.range('milestones', { prefix, limit });
  for (const { seq } of milestones) tx.delete('milestones', [braneId, seq]);
  if (milestones.length > 0) return true;
  const chunks = await tx.range('checkpoint_chunks', { prefix, limit: Math.min(limit, PURGED_CHUNKS) });
  for (const { build, number } of chunks) tx.delete('checkpoint_chunks', [braneId, build, number]);
  if (chunks.length > 0) return true;
  const pages = await tx.range('checkpoint_pages', { prefix, limit: Math.min(limit, PURGED_CHUNKS) });
  for (const { build, page } of pages) tx.delete('checkpoint_pages', [braneId, build, page]);
  if (pages.length > 0) return true;
  const garbage = await tx.range('checkpoint_garbage', { prefix, limit: Math.min(limit, PURGED_CHUNKS) });
  for (const { build } of garbage) tx.delete('checkpoint_garbage', [braneId, build]);
  return garbage.length > 0;
}

/** They are read to be deleted, and are large. */
const PURGED_CHUNKS = 50;
