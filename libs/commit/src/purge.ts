import type { CollectionName, HeadDoc, Key } from '@state-server/persistence-port';
import { purgeCheckpoints } from './checkpoint/sweep-garbage';
import { purgeOperations } from './operations/work-operation';
import type { Ground, Step } from './lane';
import { progressKey } from './rekey';

/** An hour late rather than a second early (SYNC L4), ms. */
export const PURGE_GRACE_MS = 3_600_000;
/** Log entries are large. */
const LOG_ENTRIES_PER_STEP = 100;

/** `due`: the entry `purging` has to be committed first (SYNC L7). `done`: nothing is to be purged (any more). */
export type PurgeStep = 'due' | 'more' | 'done';

/**
 * One bounded step of a purge. The ids of the objects stay taken (SYNC I6), the head stays as a tombstone; all else goes.
 */
export async function purgeStep(ground: Ground, now: number, limit: number): Promise<Step<PurgeStep>> {
  const { head, tx, load, replica } = ground;
  switch (head.status) {
    case 'live':
    case 'purged':
      return { value: 'done' };
    case 'deleted': {
      await load.brane();
      const purgeAfter = replica.meta.purge_after;
      const due = purgeAfter !== undefined && Date.parse(purgeAfter) + PURGE_GRACE_MS <= now;
      return { value: due ? 'due' : 'done' };
    }
    case 'purging':
      break;
    default:
      return head.status satisfies never;
  }
  if (head.log_floor <= head.seq) return { value: 'more', head: closeLog(head) };
  const left =
    (await purgeCheckpoints(tx, head.brane_id, limit)) ||
    (await purgeOperations(tx, head.brane_id, limit)) ||
    (await deleteSome(ground, limit));
  if (left) {
    tx.guard('heads', [head.brane_id]);
    return { value: 'more' };
  }
  tx.delete('branes', [head.brane_id]);
  tx.delete('meta', [progressKey(head)]);
  const { rekeying: _none, ...rest } = head;
  return { value: 'done', head: { ...rest, status: 'purged', objects: 0 } };
}

/** The floors rise before the entries go (SYNC R3). */
function closeLog(head: HeadDoc): HeadDoc {
  return { ...head, log_floor: head.seq + 1, dedupe_floor: head.seq + 1 };
}

/** True when something was left to delete. */
async function deleteSome({ tx, head }: Ground, limit: number): Promise<boolean> {
  const prefix = [head.brane_id];
  const remove = (collection: CollectionName, keys: readonly Key[]): boolean => {
    for (const key of keys) tx.delete(collection, key);
    return keys.length > 0;
  };
  const objects = await tx.range('objects', { prefix, limit });
  if (
    remove(
      'objects',
      objects.map((doc) => [doc.brane_id, doc.id]),
    )
  )
    return true;
  const space = await tx.range('space', { prefix, limit });
  const cells = space.map((doc) => [doc.brane_id, doc.level, doc.x, doc.y, doc.z, doc.id]);
  if (remove('space', cells)) return true;
  const log = await tx.range('log', { prefix, limit: Math.min(limit, LOG_ENTRIES_PER_STEP) });
  if (
    remove(
      'log',
      log.map((doc) => [doc.brane_id, doc.seq]),
    )
  )
    return true;
  const results = await tx.range('op_results', { prefix, limit });
  if (
    remove(
      'op_results',
      results.map((doc) => [doc.brane_id, doc.user_id, doc.op_id]),
    )
  )
    return true;
  const members = await tx.range('members', { prefix, limit });
  return remove(
    'members',
    members.map((doc) => [doc.brane_id, doc.user_id]),
  );
}
