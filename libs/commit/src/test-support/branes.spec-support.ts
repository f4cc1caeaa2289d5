import {
  asBraneId,
  asObjectId,
  asOpId,
  asUserId,
  type BraneId,
  type BraneMeta,
  type ClientOp,
  type Environment,
  newMeta,
  type ObjectId,
  type OpId,
  Scene,
  type SceneObject,
  type SpatialKey,
  type UserId,
  type Visibility,
} from '@state-server/domain';
import type { LogDoc, Store } from '@state-server/persistence-port';
import type { Actor, Committed, Committer, EditRequest } from '../committer';
import { decodeEntryOps } from '../frame';
import { readBrane } from '../read';
import { readSnapshot } from '../read-snapshot';
import { expectedSpace } from '../space-index';

/** For specs: one brane, those who work in it, and what the store holds of it. */
export interface TestBrane {
  readonly id: BraneId;
  readonly root: ObjectId;
  readonly owner: UserId;
}

export interface TestIds {
  user(): UserId;
  object(): ObjectId;
  op(): OpId;
}

export function testIds(environment: Pick<Environment, 'ids'>): TestIds {
  return {
    user: () => asUserId(environment.ids.uuid()),
    object: () => asObjectId(environment.ids.uuid()),
    op: () => asOpId(environment.ids.uuid()),
  };
}

export function user(userId: UserId): Actor {
  return { kind: 'user', user_id: userId };
}

export async function makeBrane(
  committer: Committer,
  ids: TestIds,
  options: { readonly visibility?: Visibility; readonly id?: BraneId } = {},
): Promise<TestBrane> {
  const owner = ids.user();
  const { meta } = await committer.createBrane(user(owner), {
    op_id: ids.op(),
    name: 'a brane',
    visibility: options.visibility ?? 'private',
    ...(options.id === undefined ? {} : { id: options.id }),
  });
  return { id: meta.id, root: meta.id, owner };
}

/** An edit by the owner, with a fresh op id. */
export function edit(
  committer: Committer,
  ids: TestIds,
  brane: TestBrane,
  ops: readonly ClientOp[],
  overrides: Partial<EditRequest> = {},
): Promise<Committed> {
  return committer.edit({ brane_id: brane.id, actor: user(brane.owner), op_id: ids.op(), ops, ...overrides });
}

export function newBlock(id: ObjectId, parentId: ObjectId, name = ''): ClientOp {
  return { op: 'create', object: { kind: 'block', id, parent_id: parentId, name } };
}

export function newGroup(id: ObjectId, parentId: ObjectId, name = ''): ClientOp {
  return { op: 'create', object: { kind: 'group', id, parent_id: parentId, name } };
}

export function rename(id: ObjectId, name: string): ClientOp {
  return { op: 'update', id, set: { '/name': name } };
}

/** At x metres along the first axis. */
export function at(x: number): Float32Array {
  return Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, x, 0, 0, 1);
}

export async function storedObjects(store: Store, braneId: BraneId): Promise<Map<ObjectId, SceneObject>> {
  const snapshot = await readSnapshot(store, braneId);
  return new Map((snapshot?.objects ?? []).map((object) => [object.id, object]));
}

export async function storedLog(store: Store, braneId: BraneId): Promise<LogDoc[]> {
  return store.read({ label: 'test' }, (tx) => tx.range('log', { prefix: [braneId], limit: 100_000 }));
}

/** The cells as the spatial index holds them. */
export async function storedSpace(store: Store, braneId: BraneId): Promise<Map<ObjectId, SpatialKey>> {
  const docs = await store.read({ label: 'test' }, (tx) =>
    tx.range('space', { prefix: [braneId], limit: 1_000_000 }),
  );
  const cells = new Map<ObjectId, SpatialKey>();
  for (const { id, x, y, z, level } of docs) {
    if (cells.has(id)) throw new Error(`the spatial index holds ${id} twice`);
    cells.set(id, [x, y, z, level]);
  }
  return cells;
}

/** Applies the whole log to nothing. Throws when it has a hole, or when the reducer refuses what stands in it. */
export function replayLog(braneId: BraneId, log: readonly LogDoc[]): Scene {
  const first = log[0];
  if (!first) throw new Error('the log is empty');
  const meta: BraneMeta = newMeta({
    id: asBraneId(braneId),
    name: '',
    visibility: 'private',
    owner: first.actor,
    at: first.at,
  });
  const scene = new Scene(meta, []);
  log.forEach((entry, i) => {
    if (entry.seq !== i + 1) throw new Error(`the log has a hole before ${entry.seq}`);
    const context = { seq: entry.seq, at: entry.at, actor: entry.actor };
    const result = scene.applyAll(decodeEntryOps(entry.frame), context);
    if (!result.ok) throw new Error(`entry ${entry.seq}: ${result.refusal.code}`);
  });
  return scene;
}

/** All that must hold of a brane whenever nothing is on its way. */
export async function assertConsistent(store: Store, braneId: BraneId): Promise<Scene> {
  const log = await storedLog(store, braneId);
  const scene = replayLog(braneId, log);
  const view = await readBrane(store, braneId);
  const objects = await storedObjects(store, braneId);
  expect(view?.head.seq).toBe(log.length);
  expect(view?.head.objects).toBe(objects.size);
  expect(view?.head.turn).toBeUndefined();
  expect(view?.meta).toEqual(scene.meta);
  expect(objects).toEqual(new Map([...scene.objects()].map((object) => [object.id, object])));
  if (!view?.head.rekeying?.length) {
    expect(await storedSpace(store, braneId)).toEqual(expectedSpace(objects.values()));
  }
  const ids = [...objects.keys()];
  const registered = await store.read({ label: 'test' }, (tx) =>
    tx.getMany(
      'object_ids',
      ids.map((id) => [id]),
    ),
  );
  for (const doc of registered) expect(doc?.brane_id).toBe(braneId);
  return scene;
}
