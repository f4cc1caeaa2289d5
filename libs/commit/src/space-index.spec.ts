import { type ClientOp, LIMITS, type ObjectId } from '@state-server/domain';
import { createMemoryKv, createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import { readHead } from './read';
import { expectedSpace } from './space-index';
import {
  assertConsistent,
  at,
  edit,
  makeBrane,
  newBlock,
  newGroup,
  rename,
  storedObjects,
  storedSpace,
  type TestBrane,
} from './test-support/branes.spec-support';
import { createWriter, type TestWriter } from './test-support/writer.spec-support';
import { REKEY_QUEUE } from './write-changes';

type Writer = Pick<
  TestWriter<ReturnType<typeof createFakeEnvironment>>,
  'committer' | 'ids' | 'store' | 'environment'
>;

function setUp(): Writer {
  const environment = createFakeEnvironment();
  return createWriter({ environment, store: createMemoryStore({ environment }) });
}

/** A group with so many descendants, in groups of 100. */
async function makeLarge(
  { committer, ids }: Writer,
  brane: TestBrane,
  descendants: number,
): Promise<ObjectId> {
  const top = ids.object();
  await edit(committer, ids, brane, [newGroup(top, brane.root, 'top')]);
  for (let left = descendants; left > 0;) {
    const group = ids.object();
    const blocks = Math.min(99, left - 1);
    const ops: ClientOp[] = [newGroup(group, top)];
    for (let i = 0; i < blocks; i += 1) {
      const object = { kind: 'block', id: ids.object(), parent_id: group, transform: at(i * 8) } as const;
      ops.push({ op: 'create', object });
    }
    await edit(committer, ids, brane, ops);
    left -= ops.length;
  }
  return top;
}

async function misplaced({ store }: Writer, brane: TestBrane): Promise<number> {
  const expected = expectedSpace((await storedObjects(store, brane.id)).values());
  const stored = await storedSpace(store, brane.id);
  expect(stored.size).toBe(expected.size);
  return [...expected].filter(([id, cell]) => stored.get(id)?.join() !== cell.join()).length;
}

async function rekeyAll({ committer }: Writer, brane: TestBrane, limit: number): Promise<number> {
  let steps = 1;
  while (!(await committer.rekey(brane.id, limit))) steps += 1;
  return steps;
}

const outbox = (writer: Writer) =>
  writer.store.read({ label: 'test' }, (tx) => tx.range('outbox', { prefix: [], limit: 100 }));

describe('the spatial index', () => {
  it('holds every object in the cell of its world position, whatever moves (S2, WRITE-8)', async () => {
    const writer = setUp();
    const { committer, store, ids } = writer;
    const brane = await makeBrane(committer, ids);
    const [street, house, chair] = [ids.object(), ids.object(), ids.object()];
    await edit(committer, ids, brane, [
      newGroup(street, brane.root),
      newGroup(house, street),
      newBlock(chair, house),
    ]);
    await edit(committer, ids, brane, [{ op: 'transform', id: chair, transform: at(10) }]);
    expect((await storedSpace(store, brane.id)).get(chair)).toEqual([2, 0, 0, 0]);
    await edit(committer, ids, brane, [{ op: 'transform', id: street, transform: at(1000) }]);
    expect((await storedSpace(store, brane.id)).get(chair)).toEqual([252, 0, 0, 0]);
    const other = ids.object();
    await edit(committer, ids, brane, [
      newGroup(other, brane.root),
      { op: 'move', id: house, parent_id: other },
    ]);
    expect((await storedSpace(store, brane.id)).get(chair)).toEqual([2, 0, 0, 0]);
    await assertConsistent(store, brane.id);
  });

  it('takes an object to the level that its model needs', async () => {
    const { committer, store, ids } = setUp();
    const brane = await makeBrane(committer, ids);
    const id = ids.object();
    await edit(committer, ids, brane, [newBlock(id, brane.root)]);
    const model = { id: 'm', digest: 'd', bytes: 1, bounds: [-9, -9, -9, 9, 9, 9], radius: 9, previews: [] };
    await edit(committer, ids, brane, [{ op: 'update', id, set: { '/model': model } }]);
    expect((await storedSpace(store, brane.id)).get(id)?.[3]).toBe(3);
    await assertConsistent(store, brane.id);
  });

  it('saturates far away (S5)', async () => {
    const { committer, store, ids } = setUp();
    const brane = await makeBrane(committer, ids);
    const id = ids.object();
    await edit(committer, ids, brane, [
      newBlock(id, brane.root),
      { op: 'transform', id, transform: at(1e30) },
    ]);
    expect((await storedSpace(store, brane.id)).get(id)).toEqual([2_147_483_647, 0, 0, 0]);
    await assertConsistent(store, brane.id);
  });

  it('follows a group of up to 1,000 descendants in the same transaction (S2)', async () => {
    const writer = setUp();
    const { committer, store, ids } = writer;
    const brane = await makeBrane(committer, ids);
    const top = await makeLarge(writer, brane, 230);
    await edit(committer, ids, brane, [{ op: 'transform', id: top, transform: at(400) }]);
    expect((await readHead(store, brane.id))?.rekeying).toBeUndefined();
    expect(await misplaced(writer, brane)).toBe(0);
    expect(await outbox(writer)).toEqual([]);
  });

  it('lists a larger group as re-keying, asks for the work, and is right when it is done (S2)', async () => {
    const writer = setUp();
    const { committer, store, ids } = writer;
    const brane = await makeBrane(committer, ids);
    const top = await makeLarge(writer, brane, LIMITS.rekeyed_objects_per_op + 1);
    const { seq } = await edit(committer, ids, brane, [{ op: 'transform', id: top, transform: at(400) }]);
    expect((await readHead(store, brane.id))?.rekeying).toEqual([top]);
    const id = `rekey-${brane.id}-${seq}`;
    expect(await outbox(writer)).toMatchObject([
      { id, queue: REKEY_QUEUE, payload: { brane_id: brane.id }, state: 'waiting' },
    ]);
    expect(await misplaced(writer, brane)).toBeGreaterThan(900);
    expect(await rekeyAll(writer, brane, 300)).toBeGreaterThan(3);
    expect((await readHead(store, brane.id))?.rekeying).toBeUndefined();
    expect((await readHead(store, brane.id))?.seq).toBe(seq);
    expect(await misplaced(writer, brane)).toBe(0);
    expect(await committer.rekey(brane.id, 300)).toBe(true);
    await assertConsistent(store, brane.id);
  }, 30_000);

  it('is right in the end though people go on editing and moving while it is re-keyed (S2)', async () => {
    const environment = createFakeEnvironment();
    const kv = createMemoryKv();
    const open = (writerId: string) =>
      createWriter({ environment, store: createMemoryStore({ environment, kv }), writerId });
    // People work in one process, the re-keying in another: each has cells in its replica that the other changes.
    const [writer, upkeep] = [open('people'), open('upkeep')];
    const { committer, store, ids } = writer;
    const brane = await makeBrane(committer, ids);
    const top = await makeLarge(writer, brane, LIMITS.rekeyed_objects_per_op + 50);
    const objects = [...(await storedObjects(store, brane.id)).values()];
    const groups = objects.filter((object) => object.parent_id === top).map((object) => object.id);
    const blocks = objects.filter((object) => object.kind === 'block').map((object) => object.id);
    const pick = <T>(list: readonly T[], i: number): T => list[(i * 37) % list.length] ?? (list[0] as T);
    await edit(committer, ids, brane, [{ op: 'transform', id: top, transform: at(4_000) }]);
    for (let step = 0; step < 8; step += 1) {
      await upkeep.committer.rekey(brane.id, 150);
      await edit(committer, ids, brane, [
        { op: 'transform', id: pick(blocks, step), transform: at(step * 100) },
        { op: 'move', id: pick(groups, step), parent_id: brane.root },
        { op: 'transform', id: pick(groups, step + 1), transform: at(step * 50) },
        newBlock(ids.object(), pick(groups, step + 2)),
        rename(pick(blocks, step + 5), `step ${step}`),
      ]);
      if (step === 4) await edit(committer, ids, brane, [{ op: 'transform', id: top, transform: at(9_000) }]);
      if (step === 5) await edit(committer, ids, brane, [{ op: 'delete', id: pick(blocks, 77) }]);
    }
    await rekeyAll({ ...writer, committer: upkeep.committer }, brane, 500);
    expect(await misplaced(writer, brane)).toBe(0);
    for (let step = 0; step < 20; step += 1) {
      await edit(committer, ids, brane, [{ op: 'transform', id: pick(blocks, step), transform: at(step) }]);
    }
    expect(await misplaced(writer, brane)).toBe(0);
    await assertConsistent(store, brane.id);
  }, 30_000);

  it('forgets the cells that another process may have changed when it moved a group (S2, WRITE-5)', async () => {
    const environment = createFakeEnvironment();
    const kv = createMemoryKv();
    const open = (writerId: string) =>
      createWriter({ environment, store: createMemoryStore({ environment, kv }), writerId });
    const [here, there] = [open('here'), open('there')];
    const brane = await makeBrane(here.committer, here.ids);
    const [group, block] = [here.ids.object(), here.ids.object()];
    await edit(here.committer, here.ids, brane, [newGroup(group, brane.root), newBlock(block, group)]);
    for (let i = 1; i < 6; i += 1) {
      await edit(there.committer, here.ids, brane, [
        { op: 'transform', id: group, transform: at(i * 1_000) },
      ]);
      await edit(here.committer, here.ids, brane, [{ op: 'transform', id: block, transform: at(i * 10) }]);
      await assertConsistent(here.store, brane.id);
    }
  });
});

describe('a deleted subtree (S1)', () => {
  it('stays until it is reaped, leaves first and in bounded steps, each an entry of the log', async () => {
    const writer = setUp();
    const { committer, store, ids, environment } = writer;
    const brane = await makeBrane(committer, ids);
    const top = await makeLarge(writer, brane, 205);
    const kept = ids.object();
    await edit(committer, ids, brane, [newBlock(kept, brane.root)]);
    await edit(committer, ids, brane, [{ op: 'delete', id: top }]);
    expect((await storedObjects(store, brane.id)).size).toBe(208);
    const deletedAt = new Date(environment.clock.now()).toISOString();
    expect(await committer.reap(brane.id, deletedAt, 50)).toBe(0);
    environment.jump(1_000);
    const now = new Date(environment.clock.now()).toISOString();
    const steps: number[] = [];
    for (let count = -1; count !== 0;) {
      count = await committer.reap(brane.id, now, 50);
      steps.push(count);
      await assertConsistent(store, brane.id);
    }
    expect(steps).toEqual([50, 50, 50, 50, 6, 0]);
    expect([...(await storedObjects(store, brane.id)).keys()].sort()).toEqual([brane.root, kept].sort());
  });

  it('is reaped with its marked parts and without what was brought back', async () => {
    const { committer, store, ids, environment } = setUp();
    const brane = await makeBrane(committer, ids);
    const [a, b, c] = [ids.object(), ids.object(), ids.object()];
    await edit(committer, ids, brane, [newGroup(a, brane.root), newGroup(b, a), newBlock(c, b)]);
    await edit(committer, ids, brane, [{ op: 'delete', id: b }]);
    await edit(committer, ids, brane, [{ op: 'delete', id: a }]);
    environment.jump(1_000);
    const actor = { kind: 'user', user_id: brane.owner } as const;
    await committer.undo({ brane_id: brane.id, actor, op_id: ids.op() });
    expect(await committer.reap(brane.id, new Date(environment.clock.now()).toISOString(), 10)).toBe(2);
    expect([...(await storedObjects(store, brane.id)).keys()].sort()).toEqual([brane.root, a].sort());
    await assertConsistent(store, brane.id);
  });

  it('is not reaped when its mark is lifted in the same transaction', async () => {
    const { committer, store, ids, environment } = setUp();
    const brane = await makeBrane(committer, ids);
    const id = ids.object();
    await edit(committer, ids, brane, [newBlock(id, brane.root)]);
    await edit(committer, ids, brane, [{ op: 'delete', id }]);
    environment.jump(1_000);
    const actor = { kind: 'user', user_id: brane.owner } as const;
    const [undone, reaped] = await Promise.all([
      committer.undo({ brane_id: brane.id, actor, op_id: ids.op() }),
      committer.reap(brane.id, new Date(environment.clock.now()).toISOString(), 10),
    ]);
    expect([undone.seq, reaped]).toEqual([4, 0]);
    expect((await storedObjects(store, brane.id)).get(id)?.deleted_at).toBeUndefined();
    await assertConsistent(store, brane.id);
  });
});

describe('order keys (S6)', () => {
  it('are re-spread in the same entry when one gets too long', async () => {
    const { committer, store, ids } = setUp();
    const brane = await makeBrane(committer, ids);
    const [first, second] = [ids.object(), ids.object()];
    const [{ ops: made }] = [
      await edit(committer, ids, brane, [newBlock(first, brane.root), newBlock(second, brane.root)]),
    ];
    const order = made[0]?.op === 'create' ? made[0].object.order : '';
    let spread = 0;
    for (let i = 0; i < 30 && spread === 0; i += 1) {
      // Always right behind the first one: `order0` is no key, but it names that place.
      const blocks = Array.from(
        { length: 50 },
        () => ({ kind: 'block', id: ids.object(), parent_id: brane.root, order: `${order}0` }) as const,
      );
      const { ops } = await edit(
        committer,
        ids,
        brane,
        blocks.map((object) => ({ op: 'create', object }) as const),
      );
      spread += ops.filter((op) => op.op === 'reorder').length;
    }
    expect(spread).toBeGreaterThan(0);
    const scene = await assertConsistent(store, brane.id);
    const orders = scene.children(brane.root).map((id) => scene.get(id)?.order ?? '');
    expect(Math.max(...orders.map((key) => key.length))).toBeLessThanOrEqual(LIMITS.order_chars);
    expect([scene.children(brane.root)[0], scene.children(brane.root).at(-1)]).toEqual([first, second]);
  });
});
