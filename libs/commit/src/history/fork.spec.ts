import { asObjectId, asPrototypeId, isLive, type ObjectId, type SceneObject } from '@state-server/domain';
import { derivedUuid } from '../fingerprint';
import { readOperation } from '../operations/operation';
import { OPERATION_LEASE_MS } from '../operations/work-operation';
import { edit, newBlock, rename, user } from '../test-support/branes.spec-support';
import { assertWhole, live, setUpHistory, translated } from '../test-support/history.spec-support';
import { mortal } from '../test-support/operations.spec-support';
import { refusal } from '../test-support/writer.spec-support';

describe('a fork', () => {
  it.each([1, 2])(
    'is a whole brane of new ids, as the other was at that seq (U3, HIST-10, seed %i)',
    async (seed) => {
      const world = await setUpHistory(seed);
      const seen = await live(world, 40, seed);
      const [seq, then] = [...seen][Math.floor(seen.size / 2)] ?? [1, {}];
      const { fork, id } = await world.startFork(seq);
      expect(await refusal(edit(world.committer, world.ids, fork, [rename(fork.root, 'x')]))).toBe(
        'brane.frozen',
      );
      await world.process('one')(id);
      expect(await readOperation(world.store, id)).toMatchObject({ state: 'succeeded' });
      const scene = await world.scene(fork.id);
      const names = new Map<string, string>([[fork.id, world.brane.id]]);
      for (const old of Object.keys(then as object)) names.set(derivedUuid(['forked', id, old]), old);
      expect(translated(scene, names)).toEqual(then);
      expect(scene.meta.forked_from).toMatchObject({ brane_id: world.brane.id, seq, complete: true });
      await edit(world.committer, world.ids, fork, [rename(fork.root, 'mine')]);
      await assertWhole(world, fork.id);
      await assertWhole(world);
    },
  );

  it('goes on wherever its process was killed, and holds nothing twice (S3, I1, HIST-2, HIST-10)', async () => {
    for (const writes of [2, 5]) {
      const world = await setUpHistory();
      const { brane, change, ids, environment } = world;
      for (let part = 0; part < 4; part += 1)
        await change(Array.from({ length: 120 }, () => newBlock(ids.object(), brane.root, 'b')));
      const { fork, id } = await world.startFork(5);
      const store = mortal(world.store, writes, writes % 2 === 0 ? 'before' : 'after');
      await world
        .process(
          'first',
          store,
        )(id)
        .catch(() => undefined);
      environment.jump(OPERATION_LEASE_MS + 1);
      await world.process('second')(id);
      expect(await readOperation(world.store, id)).toMatchObject({ state: 'succeeded' });
      const scene = await world.scene(fork.id);
      expect([...scene.objects()].filter((object) => isLive(scene, object))).toHaveLength(481);
      await assertWhole(world, fork.id);
    }
  });

  it('leads references to the copies where a schema says that they are references, and shares prototypes (U3, HIST-10)', async () => {
    const world = await setUpHistory();
    const { brane, ids, committer, store, environment } = world;
    const prototype = { id: asPrototypeId(environment.ids.uuid()), version: 1 };
    const [lamp, socket] = [ids.object(), ids.object()];
    await world.change([newBlock(socket, brane.root, 'socket')]);
    const base = (await world.scene()).get(socket);
    if (!base) throw new Error('no socket');
    const properties = { plug: socket, note: socket, elsewhere: environment.ids.uuid() };
    const object: SceneObject = { ...base, id: lamp, name: 'lamp', order: 'b1', prototype, properties };
    const targets = [{ id: lamp, object }];
    await committer.restore({
      ...{ brane_id: brane.id, actor: user(brane.owner), op_id: ids.op() },
      ...{ asked: 0, targets, bytes: 0 },
    });
    const rule = { type: 'reference', to: 'object' } as const;
    await store.transact({ label: 'test' }, (tx) => {
      tx.put('prototype_versions', {
        ...{
          prototype_id: prototype.id,
          version: 1,
          objects: 1,
          levels: 1,
          content_bytes: 1,
          migrations: [],
        },
        ...{ published_at: '', published_by: brane.owner },
        schema: { properties: { plug: rule, elsewhere: rule }, open: true },
      });
      return Promise.resolve();
    });
    const { fork, id } = await world.startFork(3);
    await world.process('one')(id);
    const copy = (old: ObjectId) => asObjectId(derivedUuid(['forked', id, old]));
    expect((await world.scene(fork.id)).get(copy(lamp))).toMatchObject({
      prototype,
      properties: { ...properties, plug: copy(socket) },
    });
  });

  it('ends when its owner may not see the source any more, and stays closed (L6, HIST-10)', async () => {
    const world = await setUpHistory();
    const { brane, committer, ids } = world;
    const { fork, id } = await world.startFork(1);
    const ops = [{ op: 'set_status', status: 'deleted' }] as const;
    await committer.administer({ brane_id: brane.id, actor: user(brane.owner), op_id: ids.op(), ops });
    await world.process('one')(id);
    expect(await readOperation(world.store, id)).toMatchObject({
      state: 'failed',
      error: { code: 'brane.deleted' },
    });
    expect(await refusal(edit(committer, ids, fork, [rename(fork.root, 'x')]))).toBe('brane.frozen');
  });
});
