import type { BraneId } from '@state-server/domain';
import { isLeaving } from './scan-objects';
import type { CheckpointDueDoc, HeadDoc, Store, Transaction } from '@state-server/persistence-port';

/** A brane is looked at again each time that its log has grown by so much. */
const ASK = { entries: 500, bytes: 262_144 } as const;

/**
 * In the transaction of a commit: asks for a look at the brane when the log has passed one of the marks that stand along
 * it. So nobody has to walk over all branes, and a commit between two marks pays nothing.
 */
export function askForCheckpoint(tx: Transaction, before: HeadDoc, after: HeadDoc): void {
  const passed = (from: number, to: number, step: number): boolean =>
    Math.floor(from / step) < Math.floor(to / step);
  if (
    !passed(before.seq, after.seq, ASK.entries) &&
    !passed(before.log_bytes ?? 0, after.log_bytes ?? 0, ASK.bytes)
  )
    return;
  tx.put('checkpoint_due', { brane_id: after.brane_id, due_at: after.at, seq: after.seq });
}

/** A reader had to read all objects of a large brane: the next one shall find a checkpoint. */
export async function wantCheckpoint(store: Store, braneId: BraneId): Promise<void> {
  await store.transact({ label: 'checkpoint.want' }, async (tx) => {
    const due = await tx.get('checkpoint_due', [braneId]);
    const head = await tx.get('heads', [braneId]);
    if (due?.wanted || !head || isLeaving({ head })) return;
    tx.put('checkpoint_due', { brane_id: braneId, due_at: head.at, seq: head.seq, wanted: true });
  });
}

/** Branes that are to be looked at by now, the longest due first. */
export async function dueCheckpoints(store: Store, now: number, limit: number): Promise<BraneId[]> {
  const due = await store.read({ label: 'checkpoint.due' }, (tx) =>
    tx.range('checkpoint_due', {
      index: 'by_due',
      prefix: [],
      lte: [new Date(now).toISOString()],
      limit,
    }),
  );
  return due.map(({ brane_id }) => brane_id);
}

/** Takes the brane off the list, unless it was put there anew; with `again` it stays, to be looked at then. */
export async function settleDue(
  tx: Transaction,
  braneId: BraneId,
  seen: CheckpointDueDoc | undefined,
  again: number | undefined,
): Promise<void> {
  if (!seen) return;
  const due = await tx.get('checkpoint_due', [braneId]);
  if (!due || due.seq !== seen.seq || due.wanted !== seen.wanted) return;
  if (again === undefined) tx.delete('checkpoint_due', [braneId]);
  else tx.put('checkpoint_due', { ...due, due_at: new Date(again).toISOString() });
}
