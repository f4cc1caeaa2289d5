import { asBraneId } from '@state-server/domain';
import { readBrane, readHead } from '../read';
import { edit, newBlock, rename, storedLog, storedObjects, user } from '../test-support/branes.spec-support';
import { mortal } from '../test-support/operations.spec-support';
import { assertBoth, build, setUp } from '../test-support/transfers.spec-support';
import { refusal } from '../test-support/writer.spec-support';

describe('a group that becomes a brane', () => {
  it('keeps its id and what it holds; a link takes its place, and its members are those of the old one (S7, OBJ-9)', async () => {
    const writer = setUp();
    const { committer, ids, store, published } = writer;
    const scene = await build(writer);
    const { from, house, chair } = scene;
    const viewer = ids.user();
    const member = { op: 'set_member', user_id: viewer, role: 'viewer' } as const;
    const actor = user(from.owner);
    await committer.administer({ brane_id: from.id, actor, op_id: ids.op(), ops: [member] });
    const before = await storedObjects(store, from.id);
    published.length = 0;
    const op_id = ids.op();
    const promote = (id = house, op = op_id) =>
      committer.promote({ brane_id: from.id, actor, op_id: op, id });
    expect(await promote()).toMatchObject({ brane_id: house, seq: 1, replayed: false });
    const brane = await readBrane(store, asBraneId(house));
    expect(brane?.meta).toMatchObject({
      name: 'villa',
      visibility: 'private',
      members: { [from.owner]: 'owner', [viewer]: 'viewer' },
    });
    const there = await storedObjects(store, asBraneId(house));
    expect(there.get(house)).toMatchObject({ parent_id: null, is_brane: true, name: 'villa' });
    expect(there.get(chair)).toMatchObject({
      parent_id: house,
      version: (before.get(chair)?.version ?? 0) + 1,
    });
    const left = await storedObjects(store, from.id);
    const links = [...left.values()].filter((object) => object.kind === 'group' && object.link === house);
    expect(links).toHaveLength(1);
    expect(links[0]).toMatchObject({ parent_id: from.root, order: before.get(house)?.order, name: 'villa' });
    expect([left.size, there.size]).toEqual([2, 3]);
    expect(published.map(({ braneId }) => braneId)).toEqual([from.id, house]);
    await assertBoth(store, { ...scene, to: { ...scene.to, id: asBraneId(house) } });
    // Both go on; asked again, it is the same; and it is a brane now.
    await edit(committer, ids, { ...from, id: asBraneId(house) }, [
      rename(chair, 'seat'),
      newBlock(ids.object(), house),
    ]);
    expect(await promote()).toMatchObject({ brane_id: house, seq: 1, replayed: true });
    expect(await refusal(promote(house, ids.op()))).toBe('id.taken');
    expect(await refusal(promote(from.root, ids.op()))).toBe('object.is_root');
    expect(await refusal(promote(links[0]?.id, ids.op()))).toBe('object.not_a_group');
    expect(
      await refusal(committer.undo({ brane_id: from.id, actor, op_id: ids.op(), target_op_id: op_id })),
    ).toBe('undo.not_found');
    await assertBoth(store, { ...scene, to: { ...scene.to, id: asBraneId(house) } });
  });

  it('is one wholly or not at all, wherever the process is killed (S3, L2, OBJ-9)', async () => {
    for (const when of ['before', 'after'] as const) {
      const world = setUp();
      const scene = await build(world);
      const { from, house } = scene;
      const dying = mortal(world.store, 1, when);
      const victim = setUp('victim', { environment: world.environment, store: dying });
      const request = { brane_id: from.id, actor: user(from.owner), op_id: world.ids.op(), id: house };
      await victim.committer.promote(request).catch(() => undefined);
      expect(dying.dead).toBe(true);
      const here = (await storedObjects(world.store, from.id)).has(house);
      expect(here).toBe(when === 'before');
      expect((await readHead(world.store, asBraneId(house))) === undefined).toBe(here);
      await world.committer.promote(request);
      await assertBoth(world.store, { ...scene, to: { ...scene.to, id: asBraneId(house) } });
      expect(await storedLog(world.store, asBraneId(house))).toHaveLength(1);
    }
  });
});
