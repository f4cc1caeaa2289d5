import type { Snapshot } from '@state-server/commit';
import { asEpoch, type SceneObject } from '@state-server/domain';
import {
  type BraneSnapshotFrame,
  decodeCbor,
  FROM_SERVER,
  MAX_SNAPSHOT_CHUNK_BYTES,
  parseServerFrame,
  splitFrames,
} from '@state-server/protocol';
import { buildWorld, createFakeEnvironment } from '@state-server/testing';
import { type EncodedSnapshot, Snapshots } from './snapshots';

const EPOCH = asEpoch('e');
const LIMITS = { snapshot_shared_entries: 2_000, catch_up_entries: 20_000, snapshot_cache_bytes: 10_000_000 };

function bench(objects: readonly SceneObject[] | undefined, limits: Partial<typeof LIMITS> = {}) {
  const environment = createFakeEnvironment();
  const world = buildWorld(environment.ids);
  const state = { seq: 10, epoch: EPOCH, builds: 0 };
  const snapshots = new Snapshots({
    environment,
    limits: { ...LIMITS, ...limits },
    source: {
      snapshot: async (): Promise<Snapshot | undefined> => {
        state.builds += 1;
        await environment.settle();
        return objects && { meta: world.meta(), head: { epoch: state.epoch, seq: state.seq }, objects };
      },
    },
  });
  const get = (seq: number, newerThan = -1): Promise<EncodedSnapshot | undefined> =>
    snapshots.get(world.braneId, { epoch: state.epoch, seq }, newerThan);
  return { environment, world, state, snapshots, get };
}

const decode = (snapshot: EncodedSnapshot | undefined): BraneSnapshotFrame[] =>
  (snapshot?.chunks ?? []).map(({ cbor }) => decodeCbor(cbor, FROM_SERVER) as BraneSnapshotFrame);

describe('snapshots', () => {
  const world = buildWorld(createFakeEnvironment().ids);

  it('are parts of at most 256 KiB that together are all objects', async () => {
    const root = world.root();
    const large = { text: 'x'.repeat(30_000) };
    const blocks = Array.from({ length: 40 }, () => world.block({ parent_id: root.id, properties: large }));
    const snapshot = await bench([...blocks, root]).get(10);
    const parts = decode(snapshot);
    expect(parts.length).toBeGreaterThan(4);
    expect(parts.map(({ part }) => part)).toEqual(parts.map((_, index) => index));
    for (const chunk of snapshot?.chunks ?? [])
      expect(chunk.cbor.byteLength).toBeLessThanOrEqual(MAX_SNAPSHOT_CHUNK_BYTES);
    const ids = parts.flatMap(({ objects }) => objects.map(({ id }) => id));
    expect(new Set(ids)).toEqual(new Set([root, ...blocks].map(({ id }) => id)));
    expect(ids).toHaveLength(41);
  });

  it('put parents before their children', async () => {
    const root = world.root();
    const group = world.group({ parent_id: root.id });
    const inner = world.group({ parent_id: group.id });
    const leaf = world.block({ parent_id: inner.id });
    const [part] = decode(await bench([leaf, inner, group, root]).get(10));
    expect(part?.objects.map(({ id }) => id)).toEqual([root.id, group.id, inner.id, leaf.id]);
  });

  it('are one empty part for a brane without objects, and nothing for no brane', async () => {
    expect(decode(await bench([]).get(10))).toMatchObject([{ part: 0, objects: [] }]);
    expect(await bench(undefined).get(10)).toBeUndefined();
  });

  it('read the same in JSON', async () => {
    const root = world.root();
    const snapshot = await bench([root]).get(10);
    const [json] = splitFrames(snapshot?.chunks[0]?.json ?? '').map(parseServerFrame);
    expect(json).toMatchObject({
      type: 'brane.snapshot',
      part: 0,
      objects: [{ id: root.id, transform: root.transform }],
    });
  });

  it('are built once for all who ask at the same time, and shared while the log behind is short (R2)', async () => {
    const { get, state } = bench([world.root()]);
    const [first, second] = await Promise.all([get(10), get(10)]);
    expect(first).toBe(second);
    state.seq = 2_010;
    expect(await get(2_010)).toBe(first);
    expect(state.builds).toBe(1);
    state.seq = 2_011;
    expect(await get(2_011)).toMatchObject({ seq: 2_011 });
    expect(state.builds).toBe(2);
  });

  it('are built anew for another epoch, or when the log behind them is gone (L3, R3)', async () => {
    const { get, state } = bench([world.root()]);
    await get(10);
    state.epoch = asEpoch('other');
    expect(await get(10)).toMatchObject({ epoch: 'other' });
    state.seq = 30;
    expect(await get(30, 10)).toMatchObject({ seq: 30 });
    expect(state.builds).toBe(3);
  });

  it('are built with breaths between, so that a large brane holds up nobody', async () => {
    let now = 0;
    const breaths: number[] = [];
    const snapshots = new Snapshots({
      limits: LIMITS,
      environment: {
        // Every look at the clock costs a millisecond.
        clock: { now: () => now, monotonic: () => (now += 1) },
        timers: {
          set: (_ms, task) => {
            breaths.push(now);
            queueMicrotask(task);
            return task;
          },
          clear: () => undefined,
        },
      },
      source: {
        snapshot: async () => ({
          meta: world.meta(),
          head: { epoch: EPOCH, seq: 1 },
          objects: [world.root(), ...Array.from({ length: 100 }, () => world.block())],
        }),
      },
    });
    await snapshots.get(world.braneId, { epoch: EPOCH, seq: 1 }, -1);
    expect(breaths.length).toBeGreaterThanOrEqual(10);
    const pauses = breaths.map((at, index) => at - (breaths[index - 1] ?? 0));
    expect(Math.max(...pauses)).toBeLessThan(20);
  });

  it('are not kept beyond the room for all of them', async () => {
    const { get, state, world: own, snapshots } = bench([world.root()], { snapshot_cache_bytes: 10 });
    await get(10);
    await get(10);
    expect(state.builds).toBe(2);
    snapshots.forget(own.braneId);
  });
});
