import { asObjectId, type ObjectId } from '@state-server/domain';
import { derivedUuid } from '../fingerprint';
import { readOperation } from '../operations/operation';
import { OPERATION_LEASE_MS } from '../operations/work-operation';
import { makeBrane, newBlock, newGroup, rename, user } from '../test-support/branes.spec-support';
import { assertWhole, live, picture, setUpHistory } from '../test-support/history.spec-support';
import { mortal } from '../test-support/operations.spec-support';
import { refusal } from '../test-support/writer.spec-support';

describe('a restore', () => {
  it.each([1, 2, 3])(
    'brings a brane back to what it was at any seq, and is undone as one edit (U1, I6, HIST-8, seed %i)',
    async (seed) => {
      const world = await setUpHistory(seed);
      const seen = await live(world, 40, seed);
      const seqs = [...seen.keys()];
      for (const part of [0.1, 0.5, 0.8]) {
        const seq = seqs[Math.floor(seqs.length * part)] ?? 1;
        const before = picture(await world.scene());
        const done = await refusal(world.restore(seq));
        expect(['none', 'edit.empty']).toContain(done);
        expect(picture(await world.scene())).toEqual(seen.get(seq));
        if (done === 'none') {
          const undo = { brane_id: world.brane.id, actor: user(world.brane.owner), op_id: world.ids.op() };
          await world.committer.undo(undo);
          expect(picture(await world.scene())).toEqual(before);
        }
      }
      await assertWhole(world);
    },
  );

  it('of a subtree leaves what is outside of it alone, and what has moved in from there (HIST-8)', async () => {
    const world = await setUpHistory();
    const { brane, change, ids, restore, scene } = world;
    const [house, door, tree, lamp, later] = Array.from({ length: 5 }, () => ids.object()) as [
      ObjectId,
      ...ObjectId[],
    ] as [ObjectId, ObjectId, ObjectId, ObjectId, ObjectId];
    await change([newGroup(house, brane.root, 'house'), newBlock(door, house, 'door')]);
    const seq = await change([newBlock(tree, brane.root, 'tree'), newBlock(lamp, brane.root, 'lamp')]);
    await change([rename(door, 'gate'), rename(tree, 'oak'), newBlock(later, house, 'later')]);
    await change([
      { op: 'move', id: lamp, parent_id: house },
      { op: 'delete', id: door },
    ]);
    await restore(seq, house);
    const now = await scene();
    const name = (id: ObjectId) => (now.isDeleted(id) ? undefined : now.get(id)?.name);
    expect([door, tree, lamp, later].map(name)).toEqual(['door', 'oak', 'lamp', undefined]);
    expect(now.get(lamp)?.parent_id).toBe(house);
    expect(await refusal(restore(1, house))).toBe('object.not_found');
    await assertWhole(world);
  });

  it('goes on with the versions of what had been reaped, and gives new ids to what lives elsewhere (U3, I6, HIST-9)', async () => {
    const world = await setUpHistory();
    const { brane, change, ids, restore, scene, store, committer, environment } = world;
    const [reaped, away, child] = [ids.object(), ids.object(), ids.object()];
    const seq = await change([
      newBlock(reaped, brane.root, 'reaped'),
      newGroup(away, brane.root, 'away'),
      newBlock(child, away, 'child'),
    ]);
    await change([
      { op: 'delete', id: reaped },
      { op: 'delete', id: away },
    ]);
    environment.jump(10_000);
    const past = new Date(environment.clock.now()).toISOString();
    expect(await committer.reap(brane.id, past, 100)).toBe(3);
    const other = await makeBrane(committer, ids);
    await store.transact({ label: 'test' }, (tx) => {
      for (const id of [away, child]) tx.put('object_ids', { id, brane_id: other.id, version: 9 });
      return Promise.resolve();
    });
    const done = await restore(seq);
    const now = await scene();
    expect(now.get(reaped)).toMatchObject({ version: 3, name: 'reaped' });
    const copyOf = (id: ObjectId) => asObjectId(derivedUuid(['restored', done.op_id, id]));
    expect(now.get(copyOf(away))).toMatchObject({ version: 1, name: 'away' });
    expect(now.get(copyOf(child))).toMatchObject({ parent_id: copyOf(away), name: 'child' });
    expect([now.get(away), now.get(child)]).toEqual([undefined, undefined]);
  });

  it('of many objects is an operation, killed anywhere and done once, that is not undone in parts (S3, I1, HIST-2, HIST-8)', async () => {
    for (const writes of [2, 5]) {
      const world = await setUpHistory();
      const { brane, change, ids, scene, environment, committer } = world;
      const blocks = Array.from({ length: 450 }, () => ids.object());
      for (let start = 0; start < blocks.length; start += 150)
        await change(blocks.slice(start, start + 150).map((id) => newBlock(id, brane.root, 'then')));
      const seq = 4;
      const before = picture(await scene());
      for (let start = 0; start < blocks.length; start += 150)
        await change(blocks.slice(start, start + 150).map((id) => rename(id, 'now')));
      const extra = ids.object();
      await change([newBlock(extra, brane.root, 'extra')]);
      const { operation } = await world.startRestore(seq);
      environment.jump(1_000);
      const young = ids.object();
      await change([newBlock(young, brane.root, 'made meanwhile')]);
      const store = mortal(world.store, writes, writes % 2 === 0 ? 'before' : 'after');
      await world
        .process(
          'first',
          store,
        )(operation.id)
        .catch(() => undefined);
      expect(store.dead).toBe(true);
      environment.jump(OPERATION_LEASE_MS + 1);
      await world.process('second')(operation.id);
      expect(await readOperation(world.store, operation.id)).toMatchObject({ state: 'succeeded' });
      const { [young]: kept, ...after } = picture(await scene());
      expect(after).toEqual(before);
      expect(kept).toMatchObject({ name: 'made meanwhile' });
      const undo = { brane_id: brane.id, actor: user(brane.owner), op_id: ids.op() };
      const undone = await committer.undo(undo);
      expect(undone.ops).toMatchObject([{ op: 'delete', id: young }]);
      await assertWhole(world);
    }
  });
});
