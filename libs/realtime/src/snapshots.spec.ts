import type { BraneState, StateChunk } from '@state-server/commit';
import { asEpoch, type SceneObject } from '@state-server/domain';
import {
  type BraneSnapshotFrame,
  concatFrames,
  decodeCbor,
  encodeCbor,
  FROM_SERVER,
  MAX_SNAPSHOT_CHUNK_BYTES,
  parseServerFrame,
  splitFrames,
} from '@state-server/protocol';
import { buildWorld, createFakeEnvironment } from '@state-server/testing';
import { type EncodedSnapshot, Snapshots } from './snapshots';

const EPOCH = asEpoch('e');
const LIMITS = {
  snapshot_shared_entries: 2_000,
  catch_up_entries: 20_000,
  snapshot_cache_bytes: 10_000_000,
  checkpoint_look_ms: 1_000,
};

function chunkOf(objects: readonly SceneObject[], key?: string): StateChunk {
  const bytes = concatFrames(objects.map((object) => encodeCbor(object)));
  return { objects: objects.length, bytes, ...(key === undefined ? {} : { key }) };
}

type Stored = BraneState & { readonly objects: number };

/** A brane without checkpoints, unless `state.checkpoint` is set. */
function bench(objects: readonly SceneObject[] | undefined, limits: Partial<typeof LIMITS> = {}) {
  const environment = createFakeEnvironment();
  const world = buildWorld(environment.ids);
  const state = { seq: 10, epoch: EPOCH, builds: 0, looks: 0, checkpoint: undefined as Stored | undefined };
  /** Keys of the chunks that had to be read. */
  const read: string[] = [];
  const snapshots = new Snapshots({
    environment,
    limits: { ...LIMITS, ...limits },
    source: {
      checkpoint: () => {
        state.looks += 1;
        return Promise.resolve(state.checkpoint);
      },
      state: async (_braneId, from, known): Promise<BraneState | undefined> => {
        state.builds += 1;
        await environment.settle();
        if (from === 'checkpoint' && state.checkpoint) {
          const chunks = state.checkpoint.chunks.map((chunk) => {
            const held = known(chunk.key ?? '');
            if (!held) read.push(chunk.key ?? '');
            return held ?? chunk;
          });
          return { ...state.checkpoint, chunks };
        }
        const chunks = (objects ?? []).map((object) => chunkOf([object]));
        return objects && { meta: world.meta(), epoch: state.epoch, seq: state.seq, chunks, from: 'objects' };
      },
    },
  });
  const get = (seq: number, newerThan = -1): Promise<EncodedSnapshot | undefined> =>
    snapshots.get(world.braneId, { epoch: state.epoch, seq }, newerThan);
  const checkpoint = (seq: number, chunks: readonly StateChunk[]): void => {
    const count = chunks.reduce((sum, chunk) => sum + chunk.objects, 0);
    state.checkpoint = {
      epoch: state.epoch,
      seq,
      meta: world.meta(),
      chunks,
      from: 'checkpoint',
      objects: count,
    };
  };
  return { environment, world, state, snapshots, get, checkpoint, read };
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
    // Each fills a frame.
    const text = 'x'.repeat(200_000);
    const snapshots = new Snapshots({
      limits: { ...LIMITS, snapshot_cache_bytes: 100_000_000 },
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
        checkpoint: () => Promise.resolve(undefined),
        state: async () => ({
          meta: world.meta(),
          epoch: EPOCH,
          seq: 1,
          chunks: Array.from({ length: 100 }, () => chunkOf([world.block({ properties: { text } })])),
          from: 'objects',
        }),
      },
    });
    await snapshots.get(world.braneId, { epoch: EPOCH, seq: 1 }, -1);
    expect(breaths.length).toBeGreaterThanOrEqual(10);
    const pauses = breaths.map((at, index) => at - (breaths[index - 1] ?? 0));
    expect(Math.max(...pauses)).toBeLessThan(20);
  });

  it('are the chunks of the newest checkpoint while its log is short (R2)', async () => {
    const root = world.root();
    const { get, checkpoint, state } = bench([root]);
    checkpoint(8, [chunkOf([root], 'a/0'), chunkOf([world.block()], 'a/1')]);
    const snapshot = await get(2_008);
    expect(snapshot).toMatchObject({ seq: 8 });
    expect(decode(snapshot)).toMatchObject([{ seq: 8, objects: [{ id: root.id }, {}] }]);
    expect(state.builds).toBe(1);
  });

  it('are read from the objects when the log behind the checkpoint is longer than the brane is large', async () => {
    const { get, checkpoint, state } = bench([world.root()]);
    checkpoint(8, [chunkOf([world.root()], 'a/0')]);
    state.seq = 2_009;
    expect(await get(2_009)).toMatchObject({ seq: 2_009 });
    const large = bench([world.root()]);
    large.checkpoint(8, [{ ...chunkOf([world.root()], 'a/0'), objects: 3_000 }]);
    large.state.seq = 3_008;
    expect(await large.get(3_008)).toMatchObject({ seq: 8 });
    large.state.seq = 3_009;
    expect(await large.get(3_009)).toMatchObject({ seq: 3_009 });
  });

  it('take over what they share with the next checkpoint, which is looked for once a second (R2)', async () => {
    const blocks = Array.from({ length: 3 }, () => world.block());
    const [one, two, three] = blocks.map((block, index) => chunkOf([block], `a/${index}`)) as [
      StateChunk,
      StateChunk,
      StateChunk,
    ];
    const large = { ...chunkOf([world.root()], 'a/9'), objects: 5_000 };
    const { get, checkpoint, read, state, environment } = bench([]);
    checkpoint(10, [one, two, large]);
    await get(10);
    expect(read.splice(0)).toEqual(['a/0', 'a/1', 'a/9']);
    await environment.advance(1_000);
    checkpoint(2_000, [one, three, large]);
    expect(await get(2_010)).toMatchObject({ seq: 10 });
    expect(state.looks).toBe(1);
    const next = await get(2_011);
    expect(next).toMatchObject({ seq: 2_000 });
    expect(read.splice(0)).toEqual(['a/2']);
    const bytes = concatFrames([one.bytes, three.bytes, large.bytes]);
    expect(next?.chunks[0]?.cbor.subarray(-bytes.byteLength)).toEqual(bytes);
    expect(await get(4_001)).toBe(next);
    expect(state.looks).toBe(2);
    await environment.advance(1_000);
    expect(await get(4_001)).toBe(next);
    expect(state.looks).toBe(3);
  });

  it('are not kept beyond the room for all of them', async () => {
    const { get, state, world: own, snapshots } = bench([world.root()], { snapshot_cache_bytes: 10 });
    await get(10);
    await get(10);
    expect(state.builds).toBe(2);
    snapshots.forget(own.braneId);
  });
});
