import type { ClientOp, ObjectId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { createFakeEnvironment, seededRandom } from '@state-server/testing';
import { at, edit, makeBrane, newBlock, newGroup, rename } from '../test-support/branes.spec-support';
import { assertCheckpoint, objectsOf } from '../test-support/checkpoints.spec-support';
import { bound, createWriter } from '../test-support/writer.spec-support';
import { buildCheckpoint, type CheckpointOutcome } from './build-checkpoint';
import { dueCheckpoints } from './due';
import { readCheckpoint } from './read-checkpoint';
import { sweepCheckpointGarbage } from './sweep-garbage';

const POLICY = { entries: 10, bytes: 1_000_000, everyMs: 30_000, firstObjects: 1_000_000 };

async function setUp() {
  const environment = createFakeEnvironment();
  const store = createMemoryStore({ environment });
  const writer = createWriter({ environment, store });
  const brane = await makeBrane(writer.committer, writer.ids);
  const build = async (through: Store = store, force = true): Promise<CheckpointOutcome> => {
    // What waits for the event loop gets its turn at once.
    const soon = {
      ...environment,
      timers: { ...environment.timers, set: (_ms: number, task: () => void) => setImmediate(task) },
    };
    return buildCheckpoint({ store: through, environment: soon }, brane.id, { policy: POLICY, force });
  };
  const change = (ops: readonly ClientOp[]) => edit(writer.committer, writer.ids, brane, ops);
  const create = async (count: number, properties = {}): Promise<ObjectId[]> => {
    const ids = Array.from({ length: count }, () => writer.ids.object());
    for (let start = 0; start < count; start += 100) {
      await change(
        ids.slice(start, start + 100).map((id) => ({
          op: 'create',
          object: { kind: 'block', id, parent_id: brane.root, properties },
        })),
      );
    }
    return ids;
  };
  const records = (name: 'checkpoint_chunks' | 'checkpoint_pages' | 'checkpoint_garbage') =>
    store.read({ label: 'test' }, (tx) => tx.range(name, { prefix: [brane.id], limit: 10_000 }));
  return { ...writer, environment, store, brane, build, change, create, records };
}

/** The store, with something happening before each transaction of that label. */
function before(store: Store, label: string, act: () => Promise<unknown>): Store {
  const base = bound(store);
  return {
    ...base,
    read: async (options, callback) => {
      if (options.label === label) await act();
      return base.read(options, callback);
    },
    transact: async (options, callback) => {
      if (options.label === label) await act();
      return base.transact(options, callback);
    },
  };
}

describe('a checkpoint', () => {
  it('is the state at its seq, whatever ops led there (R2)', async () => {
    const { brane, build, change, create, store, ids, committer } = await setUp();
    const blocks = await create(300, { text: 'x'.repeat(300) });
    expect(await build()).toMatchObject({ kind: 'built', seq: 4, objects: 301, anew: true });
    await assertCheckpoint(store, brane.id);
    const [a, b, c, d] = blocks as [ObjectId, ObjectId, ObjectId, ObjectId];
    const group = ids.object();
    await change([newGroup(group, brane.root), newBlock(ids.object(), group)]);
    await change([{ op: 'transform', id: a, transform: at(5) }, rename(a, 'twice in one entry')]);
    await change([{ op: 'move', id: b, parent_id: group }]);
    await change([{ op: 'delete', id: c }]);
    const gone = await change([{ op: 'delete', id: d }]);
    await committer.undo({
      brane_id: brane.id,
      actor: { kind: 'user', user_id: brane.owner },
      op_id: ids.op(),
      target_op_id: gone.op_id,
    });
    await committer.administer({
      brane_id: brane.id,
      actor: { kind: 'user', user_id: brane.owner },
      op_id: ids.op(),
      ops: [
        { op: 'set_brane', name: 'another' },
        { op: 'set_member', user_id: ids.user(), role: 'viewer' },
      ],
    });
    await assertCheckpoint(store, brane.id);
    expect(await build()).toMatchObject({ kind: 'built', seq: 11, objects: 303, anew: false });
    const state = await assertCheckpoint(store, brane.id);
    expect(state).toMatchObject({ seq: 11, meta: { name: 'another' } });
    expect(objectsOf(state).get(c)?.deleted_at).toBeDefined();
    expect(await committer.reap(brane.id, '2030-01-01T00:00:00.000Z', 100)).toBe(1);
    expect(await build()).toMatchObject({ kind: 'built', seq: 12, objects: 302, anew: false });
    await assertCheckpoint(store, brane.id);
  });

  it('writes only the chunks anew that were touched, and shares the others (R2)', async () => {
    const { brane, build, change, create, store } = await setUp();
    const blocks = await create(2_000);
    const first = await build();
    expect(first).toMatchObject({ kind: 'built', objects: 2_001 });
    const before = await readCheckpoint(store, brane.id);
    await change([rename(blocks[0] as ObjectId, 'touched')]);
    const next = await build();
    expect(next).toMatchObject({ kind: 'built', written: 1, anew: false });
    const after = await assertCheckpoint(store, brane.id);
    const keys = new Set(before?.chunks.map(({ key }) => key));
    expect(after.chunks.filter(({ key }) => !keys.has(key))).toHaveLength(1);
    expect(after.chunks.length).toBeGreaterThan(10);
  });

  it('is the state at one seq although the brane is edited while its objects are read (R2)', async () => {
    const { brane, build, change, create, store, ids } = await setUp();
    const blocks = await create(1_000);
    const random = seededRandom(7);
    const doomed: ObjectId[] = [];
    const act = async (): Promise<void> => {
      const id = blocks[Math.floor(random.next() * blocks.length)] as ObjectId;
      const fresh = ids.object();
      doomed.push(fresh);
      await change([
        rename(id, `${random.next()}`),
        newBlock(fresh, brane.root),
        rename(fresh, 'named at once'),
      ]);
    };
    const racing = before(store, 'checkpoint.objects', act);
    const outcome = await build(racing);
    expect(doomed.length).toBeGreaterThan(5);
    expect(outcome).toMatchObject({ kind: 'built', anew: true });
    const state = await assertCheckpoint(store, brane.id);
    expect(state.seq).toBeGreaterThan(11);
  });

  it('is made by one of several builders, and the others harm nothing (R2)', async () => {
    const { brane, build, change, create, store, records, environment } = await setUp();
    const blocks = await create(500);
    await build();
    await change(blocks.slice(0, 100).map((id) => rename(id, 'x')));
    const building = Promise.all([build(), build(), build()]);
    // Those that lose the pointer try again after a pause.
    await environment.advance(1_000);
    const outcomes = await building;
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['built', 'lost', 'lost']);
    await assertCheckpoint(store, brane.id);
    const { chunks } = await assertCheckpoint(store, brane.id);
    await environment.advance(200_000);
    while ((await sweepCheckpointGarbage(store, environment.clock.now())) > 0);
    expect(await records('checkpoint_chunks')).toHaveLength(chunks.length);
    expect(await records('checkpoint_pages')).toHaveLength(1);
    expect(await records('checkpoint_garbage')).toEqual([]);
    await assertCheckpoint(store, brane.id);
  });

  it('leaves garbage when its build dies, which a sweep removes after a grace (R2, CP-3)', async () => {
    const { brane, build, change, create, store, records, environment } = await setUp();
    const blocks = await create(500);
    await build();
    const { chunks } = await assertCheckpoint(store, brane.id);
    await change(blocks.map((id) => rename(id, 'x')));
    const dying = before(store, 'checkpoint.publish', () => Promise.reject(new Error('killed')));
    await expect(build(dying)).rejects.toThrow('killed');
    expect((await records('checkpoint_chunks')).length).toBeGreaterThan(chunks.length);
    expect(await sweepCheckpointGarbage(store, environment.clock.now())).toBe(0);
    await environment.advance(121_000);
    while ((await sweepCheckpointGarbage(store, environment.clock.now())) > 0);
    expect(await records('checkpoint_chunks')).toHaveLength(chunks.length);
    await assertCheckpoint(store, brane.id);
    await build();
    await assertCheckpoint(store, brane.id);
  });

  it('comes to nothing when it was so slow that its chunks were swept away (R2)', async () => {
    const { brane, build, change, create, store, environment } = await setUp();
    const blocks = await create(500);
    await build();
    const first = await assertCheckpoint(store, brane.id);
    await change(blocks.map((id) => rename(id, 'x')));
    const slow = before(store, 'checkpoint.publish', async () => {
      await environment.advance(200_000);
      while ((await sweepCheckpointGarbage(store, environment.clock.now())) > 0);
    });
    expect(await build(slow)).toEqual({ kind: 'lost' });
    expect(await assertCheckpoint(store, brane.id)).toMatchObject({ seq: first.seq });
    expect(await build()).toMatchObject({ kind: 'built' });
    await assertCheckpoint(store, brane.id);
  });

  it('is asked for by the commit that passes a mark, and made at the earliest after so many entries and so long (R2, CP-1)', async () => {
    const { build, change, brane, store, environment, committer, ids } = await setUp();
    const due = () => dueCheckpoints(store, environment.clock.now(), 10);
    const edits = (count: number) =>
      Promise.all(
        Array.from({ length: count }, () => edit(committer, ids, brane, [rename(brane.root, 'x')])),
      );
    await edits(498);
    expect(await due()).toEqual([]);
    await edits(1);
    expect(await due()).toEqual([brane.id]);
    expect(await build(store, false)).toMatchObject({ kind: 'built', seq: 500 });
    expect(await due()).toEqual([]);
    await edits(500);
    expect(await due()).toEqual([brane.id]);
    expect(await build(store, false)).toEqual({ kind: 'not_due' });
    expect(await due()).toEqual([]);
    await environment.advance(30_000);
    expect(await due()).toEqual([brane.id]);
    expect(await build(store, false)).toMatchObject({ kind: 'built', seq: 1_000 });
    await environment.advance(30_000);
    await change([rename(brane.root, 'too few')]);
    expect(await build(store, false)).toEqual({ kind: 'not_due' });
  });
});
