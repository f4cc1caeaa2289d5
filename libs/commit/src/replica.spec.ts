import { type BraneOp, type ClientOp, type ObjectId } from '@state-server/domain';
import { createMemoryKv, createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import {
  assertConsistent,
  at,
  edit,
  makeBrane,
  newBlock,
  newGroup,
  rename,
  storedObjects,
  type TestBrane,
  user,
} from './test-support/branes.spec-support';
import { countReads, createWriter, type ReadCount, refusal } from './test-support/writer.spec-support';

type Environment = ReturnType<typeof createFakeEnvironment>;

/** Processes on one database, each with its reads counted. */
function setUp() {
  const environment = createFakeEnvironment();
  const kv = createMemoryKv();
  const open = (writerId: string, replicaBytes?: number) => {
    const counted = countReads(createMemoryStore({ environment, kv }));
    const options = replicaBytes === undefined ? {} : { replicaBytes };
    return {
      ...createWriter<Environment>({ environment, store: counted.store, writerId, ...options }),
      ...counted,
    };
  };
  return { environment, open };
}

interface Town {
  readonly brane: TestBrane;
  readonly groups: readonly ObjectId[];
  readonly blocks: readonly ObjectId[];
}

const BLOCKS_PER_GROUP = 50;

async function makeTown(
  writer: Pick<ReturnType<ReturnType<typeof setUp>['open']>, 'committer' | 'ids'>,
  groups: number,
): Promise<Town> {
  const { committer, ids } = writer;
  const brane = await makeBrane(committer, ids);
  const town = { brane, groups: [] as ObjectId[], blocks: [] as ObjectId[] };
  for (let left = groups; left > 0; left -= 8) {
    const ops: ClientOp[] = [];
    for (let i = Math.min(left, 8); i > 0; i -= 1) {
      const group = ids.object();
      town.groups.push(group);
      ops.push(newGroup(group, brane.root));
      for (let n = 0; n < BLOCKS_PER_GROUP; n += 1) {
        const block = ids.object();
        town.blocks.push(block);
        ops.push(newBlock(block, group));
      }
    }
    await edit(committer, ids, brane, ops);
  }
  return town;
}

function nth<T>(list: readonly T[], i: number): T {
  const item = list[i];
  if (item === undefined) throw new RangeError(`there is no item ${i}`);
  return item;
}

const KINDS: Record<string, (town: Town, fresh: ObjectId, round: number) => ClientOp> = {
  rename: ({ blocks }, _fresh, round) => rename(nth(blocks, 3), `name ${round}`),
  'move in space': ({ blocks }, _fresh, round) => ({
    op: 'transform',
    id: nth(blocks, 4),
    transform: at(round),
  }),
  'move a group in space': ({ groups }, _fresh, round) => ({
    op: 'transform',
    id: nth(groups, 2),
    transform: at(round),
  }),
  create: ({ groups }, fresh) => newBlock(fresh, nth(groups, 1)),
  're-parent': ({ blocks, groups }, _fresh, round) => ({
    op: 'move',
    id: nth(blocks, 5),
    parent_id: nth(groups, 1 + (round % 2)),
  }),
  delete: ({ blocks }, _fresh, round) => ({ op: 'delete', id: nth(blocks, 10 + round) }),
};

describe('an edit', () => {
  it('costs as many reads in a brane of 5,000 objects as in one of 200, cold and hot (WRITE-3)', async () => {
    const { open } = setUp();
    const maker = open('maker');
    const towns = [await makeTown(maker, 4), await makeTown(maker, 100)];
    for (const [name, make] of Object.entries(KINDS)) {
      const costs: { cold: ReadCount; hot: ReadCount }[] = [];
      for (const town of towns) {
        const { committer, ids, count, reset } = open(`${name} ${towns.indexOf(town)}`);
        const costOf = async (round: number): Promise<ReadCount> => {
          reset();
          await edit(committer, ids, town.brane, [make(town, ids.object(), round)]);
          return { ...count };
        };
        const cold = await costOf(1);
        await costOf(2);
        costs.push({ cold, hot: await costOf(3) });
      }
      const [small, large] = costs;
      expect([name, large]).toEqual([name, small]);
      // The head, the record of the op id, and for a create the registry of ids.
      if (name !== 'delete') expect([name, large?.hot.calls]).toEqual([name, name === 'create' ? 3 : 2]);
      expect(large?.cold.documents).toBeLessThan(2 * BLOCKS_PER_GROUP + 20);
    }
  }, 60_000);
});

describe('a replica', () => {
  it('follows what other processes commit, whatever it holds of it (WRITE-4)', async () => {
    const { open } = setUp();
    const [here, there] = [open('here'), open('there')];
    const { ids } = here;
    const brane = await makeBrane(here.committer, ids);
    const [a, b, c] = [ids.object(), ids.object(), ids.object()];
    await edit(here.committer, ids, brane, [
      newGroup(a, brane.root),
      newGroup(b, brane.root),
      newBlock(c, a),
    ]);
    const steps: ((round: number) => ClientOp[])[] = [
      (round) => [rename(c, `name ${round}`)],
      () => [{ op: 'move', id: c, parent_id: b }],
      (round) => [{ op: 'transform', id: c, transform: at(round) }],
      () => [newBlock(ids.object(), b), { op: 'move', id: c, parent_id: a, order: 'a0' }],
      () => [newBlock(ids.object(), a)],
      () => [{ op: 'delete', id: c }],
    ];
    for (const [round, step] of steps.entries()) {
      const [first, second] = round % 2 === 0 ? [here, there] : [there, here];
      await edit(first.committer, ids, brane, step(round));
      await edit(second.committer, ids, brane, [newBlock(ids.object(), b), rename(a, `after ${round}`)]);
    }
    const actor = user(brane.owner);
    await there.committer.undo({ brane_id: brane.id, actor, op_id: ids.op() });
    await here.committer.undo({ brane_id: brane.id, actor, op_id: ids.op() });
    expect(await refusal(edit(here.committer, ids, brane, [rename(c, 'brought back')]))).toBe('none');
    await assertConsistent(here.store, brane.id);
  });

  it('knows at once who is no longer a member, in every process (L6)', async () => {
    const { open } = setUp();
    const [here, there] = [open('here'), open('there')];
    const { ids } = here;
    const brane = await makeBrane(here.committer, ids);
    const editor = ids.user();
    const administer = (ops: readonly BraneOp[]) =>
      here.committer.administer({ brane_id: brane.id, actor: user(brane.owner), op_id: ids.op(), ops });
    const asEditor = () =>
      refusal(edit(there.committer, ids, brane, [rename(brane.root, 'x')], { actor: user(editor) }));
    await administer([{ op: 'set_member', user_id: editor, role: 'editor' }]);
    expect(await asEditor()).toBe('none');
    await administer([{ op: 'set_member', user_id: editor, role: 'viewer' }]);
    expect(await asEditor()).toBe('permission.denied');
    await administer([{ op: 'set_member', user_id: editor, role: null }]);
    expect(await asEditor()).toBe('brane.not_found');
  });

  it('starts anew when too much was committed without it', async () => {
    const { open } = setUp();
    const [here, there] = [open('here'), open('there')];
    const { ids } = here;
    const brane = await makeBrane(here.committer, ids);
    const id = ids.object();
    await edit(here.committer, ids, brane, [newBlock(id, brane.root)]);
    for (let i = 0; i < 150; i += 1) await edit(there.committer, ids, brane, [rename(id, `${i}`)]);
    here.reset();
    const { ops } = await edit(here.committer, ids, brane, [rename(id, 'last')]);
    expect(ops).toMatchObject([{ op: 'update', version: 152 }]);
    expect(here.count.documents).toBeLessThan(20);
    await assertConsistent(here.store, brane.id);
  });

  it('starts anew when the log is another one (L3)', async () => {
    const { open } = setUp();
    const { committer, ids, store } = open('here');
    const brane = await makeBrane(committer, ids);
    const id = ids.object();
    await edit(committer, ids, brane, [newBlock(id, brane.root, 'old')]);
    // As after a backup was restored: the same seq, another epoch, other objects.
    await store.transact({ label: 'test' }, async (tx) => {
      const [head, doc] = [await tx.get('heads', [brane.id]), await tx.get('objects', [brane.id, id])];
      if (!head || !doc) throw new Error('nothing to restore');
      tx.put('heads', { ...head, epoch: head.epoch.replace(/^./, 'f') as typeof head.epoch });
      tx.put('objects', { ...doc, object: { ...doc.object, version: 41 } });
    });
    const { ops } = await edit(committer, ids, brane, [rename(id, 'new')]);
    expect(ops).toMatchObject([{ version: 42 }]);
  });

  it('is dropped when the store holds something else than it, and the edit is made on what is stored (WRITE-4)', async () => {
    const { open } = setUp();
    const { committer, ids, store } = open('here');
    const brane = await makeBrane(committer, ids);
    const [group, block] = [ids.object(), ids.object()];
    await edit(committer, ids, brane, [newGroup(group, brane.root), newBlock(block, group)]);
    // Behind everybody's back, as no part of the server does: and the cells are in doubt because groups are listed.
    await store.transact({ label: 'test' }, async (tx) => {
      const [head, doc] = [await tx.get('heads', [brane.id]), await tx.get('objects', [brane.id, block])];
      if (!head || !doc) throw new Error('nothing is there');
      tx.put('heads', { ...head, rekeying: [group] });
      tx.put('objects', { ...doc, object: { ...doc.object, version: 41 } });
    });
    const { ops } = await edit(committer, ids, brane, [rename(block, 'new')]);
    expect(ops).toMatchObject([{ version: 42 }]);
  });

  it('is given up within its bound of bytes, and rightly filled again (WRITE-4)', async () => {
    const { open } = setUp();
    const maker = open('maker');
    const towns = [await makeTown(maker, 4), await makeTown(maker, 4)];
    const writer = open('bounded', 60_000);
    for (let round = 0; round < 6; round += 1) {
      for (const { brane, groups, blocks } of towns) {
        await edit(writer.committer, writer.ids, brane, [
          rename(nth(blocks, round * 30), `round ${round}`),
          newBlock(writer.ids.object(), nth(groups, round % 4)),
          { op: 'move', id: nth(blocks, round * 20), parent_id: nth(groups, (round + 1) % 4) },
        ]);
      }
    }
    for (const { brane } of towns) await assertConsistent(writer.store, brane.id);
  });

  it('does not lose its way in groups of thousands of children', async () => {
    const { open } = setUp();
    const maker = open('maker');
    const brane = await makeBrane(maker.committer, maker.ids);
    for (let i = 0; i < 3; i += 1) {
      const ops = Array.from({ length: 400 }, () => newBlock(maker.ids.object(), brane.root));
      await edit(maker.committer, maker.ids, brane, ops);
    }
    const writer = open('cold');
    const id = writer.ids.object();
    await edit(writer.committer, writer.ids, brane, [newBlock(id, brane.root)]);
    writer.reset();
    await edit(writer.committer, writer.ids, brane, [newBlock(writer.ids.object(), brane.root)]);
    // No more than a look at each step of a binary search.
    expect(writer.count.calls).toBeLessThan(6);
    expect(writer.count.documents).toBeLessThan(16);
    await edit(writer.committer, writer.ids, brane, [{ op: 'move', id, parent_id: brane.root, order: 'a0' }]);
    const scene = await assertConsistent(writer.store, brane.id);
    expect(scene.children(brane.root)).toHaveLength(1_202);
    expect((await storedObjects(writer.store, brane.id)).size).toBe(1_203);
  });
});
