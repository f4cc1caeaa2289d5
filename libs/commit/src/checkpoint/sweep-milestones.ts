import type { BraneId } from '@state-server/domain';
import type { CheckpointDoc, MilestoneDoc, ReadTransaction, Store } from '@state-server/persistence-port';
import type { Manifest } from './manifest';
import { DeadChunks, manifestOf } from './milestones';

/** Milestones between two of the chain that were filled in: more than there are room for. */
const NEIGHBOURS = 64;

/**
 * Lets go of the oldest milestone when the log after it has gone (SYNC R3): nothing can be replayed from it any more. One
 * bounded transaction; answers whether there was one. What it named alone is garbage from then on.
 */
export async function sweepMilestone(store: Store, braneId: BraneId, now: number): Promise<boolean> {
  const found = await store.read({ label: 'milestone.oldest' }, (tx) => oldest(tx, braneId));
  if (!found) return false;
  const { doomed, pointer } = found;
  return store.transact({ label: 'milestone.sweep' }, async (tx) => {
    const standing = await tx.get('milestones', [braneId, doomed.seq]);
    if (standing?.build !== doomed.build) return true;
    // Another checkpoint may name less than the one that was compared with.
    tx.guard('checkpoints', [braneId]);
    const [present] = await tx.getMany('checkpoints', [[braneId]]);
    if (present?.build !== pointer?.build) return true;
    tx.delete('milestones', [braneId, doomed.seq]);
    const listed = await tx.get('checkpoint_garbage', [braneId, doomed.build]);
    tx.put('checkpoint_garbage', {
      brane_id: braneId,
      build: doomed.build,
      at: new Date(now).toISOString(),
      dead: [...(listed?.dead ?? []), ...found.dead],
    });
    return true;
  });
}

interface Oldest {
  readonly doomed: MilestoneDoc;
  readonly pointer: CheckpointDoc | undefined;
  readonly dead: ReturnType<DeadChunks['list']>;
}

async function oldest(tx: ReadTransaction, braneId: BraneId): Promise<Oldest | undefined> {
  const head = await tx.get('heads', [braneId]);
  const [doomed, ...others] = await tx.range('milestones', { prefix: [braneId], limit: NEIGHBOURS });
  if (!head || !doomed || doomed.seq + 1 >= head.log_floor) return undefined;
  const [pointer] = await tx.getMany('checkpoints', [[braneId]]);
  const end = others.findIndex(({ filled }) => !filled);
  const next: readonly CheckpointDoc[] =
    end < 0 ? [...others, ...(pointer ? [pointer] : [])] : others.slice(0, end + 1);
  const kept: Manifest[] = [];
  for (const checkpoint of next) kept.push(...one(await manifestOf(tx, checkpoint)));
  const dead = new DeadChunks(kept);
  for (const { chunks } of one(await manifestOf(tx, doomed))) dead.add(chunks);
  return { doomed, pointer, dead: dead.list(doomed) };
}

function one<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}
