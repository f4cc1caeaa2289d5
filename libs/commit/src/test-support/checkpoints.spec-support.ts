import { type BraneId, type ObjectId, Scene, type SceneObject } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { decodeCborSequence, FROM_SERVER } from '@state-server/protocol';
import { type BraneState, readCheckpoint } from '../checkpoint/read-checkpoint';
import { decodeEntryOps } from '../frame';
import { readBrane } from '../read';
import { storedLog, storedObjects } from './branes.spec-support';

export function objectsOf(state: BraneState): Map<ObjectId, SceneObject> {
  const objects = new Map<ObjectId, SceneObject>();
  for (const chunk of state.chunks) {
    const found = decodeCborSequence(chunk.bytes, FROM_SERVER) as SceneObject[];
    expect(found).toHaveLength(chunk.objects);
    for (const object of found) objects.set(object.id, object);
  }
  return objects;
}

/** The checkpoint with the log after it, by the one reducer, is what the store holds (SYNC R2). Answers the checkpoint. */
export async function assertCheckpoint(store: Store, braneId: BraneId): Promise<BraneState> {
  const state = await readCheckpoint(store, braneId);
  if (!state) throw new Error('there is no checkpoint');
  const scene = new Scene(state.meta, objectsOf(state).values());
  for (const entry of await storedLog(store, braneId)) {
    if (entry.seq <= state.seq) continue;
    const context = { seq: entry.seq, at: entry.at, actor: entry.actor };
    const result = scene.applyAll(decodeEntryOps(entry.frame), context);
    if (!result.ok) throw new Error(`entry ${entry.seq}: ${result.refusal.code}`);
  }
  const stored = await storedObjects(store, braneId);
  expect(new Map([...scene.objects()].map((object) => [object.id, object]))).toEqual(stored);
  expect(scene.meta).toEqual((await readBrane(store, braneId))?.meta);
  return state;
}
