import { type BraneId, Scene, type SceneObject } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { decodeCborSequence, FROM_SERVER } from '@state-server/protocol';
import { readCheckpoint } from './read-checkpoint';

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
  if (!state) return undefined;
  const objects = state.chunks.flatMap(
    ({ bytes }) => decodeCborSequence(bytes, FROM_SERVER) as readonly SceneObject[],
  );
  return { seq: state.seq, scene: new Scene(state.meta, objects) };
}
