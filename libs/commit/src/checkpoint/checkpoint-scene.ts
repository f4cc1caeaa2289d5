import { type BraneId, Scene, type SceneObject } from '@state-server/domain';
import type { MilestoneDoc, Store } from '@state-server/persistence-port';
import { decodeCborSequence, FROM_SERVER } from '@state-server/protocol';
import { type BraneState, readCheckpoint, readStateOf } from './read-checkpoint';

export interface CheckpointScene {
  readonly seq: number;
  readonly scene: Scene;
}

/** The whole state of the newest checkpoint, decoded; undefined as with `readCheckpoint`. Throws what cannot be decoded. */
export async function readCheckpointScene(
  store: Store,
  braneId: BraneId,
): Promise<CheckpointScene | undefined> {
  const state = await readCheckpoint(store, braneId);
  return state && toScene(state);
}

/** The same of a milestone. Throws what cannot be read, too. */
export async function readMilestoneScene(store: Store, milestone: MilestoneDoc): Promise<CheckpointScene> {
  return toScene(await readStateOf(store, milestone));
}

/** From which the log leads on, the oldest first. */
export async function usableMilestones(store: Store, braneId: BraneId): Promise<MilestoneDoc[]> {
  return store.read({ label: 'milestone.list' }, async (tx) => {
    const head = await tx.get('heads', [braneId]);
    if (!head) return [];
    return tx.range('milestones', { prefix: [braneId], gte: [head.log_floor - 1], limit: MANY });
  });
}

/** A log of 40 million entries has as many. */
const MANY = 10_000;

function toScene(state: BraneState): CheckpointScene {
  const objects = state.chunks.flatMap(
    ({ bytes }) => decodeCborSequence(bytes, FROM_SERVER) as readonly SceneObject[],
  );
  return { seq: state.seq, scene: new Scene(state.meta, objects) };
}
