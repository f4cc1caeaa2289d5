import { readHead } from '../read';
import {
  edit,
  newBlock,
  newGroup,
  rename,
  storedLog,
  storedObjects,
  type TestBrane,
  user,
} from '../test-support/branes.spec-support';
import { inTime, mortal } from '../test-support/operations.spec-support';
import { assertBoth, build, move, setUp } from '../test-support/transfers.spec-support';
import { refusal } from '../test-support/writer.spec-support';

describe('a move between branes', () => {
  it('takes the subtree out of one and into the other, ids kept and versions going on (U3, I6, OBJ-7)', async () => {
    const writer = setUp();
    const { committer, store, ids, published } = writer;
    const scene = await build(writer);
    const { from, to, house, chair, attic } = scene;
    const before = await storedObjects(store, from.id);
    const heads = await Promise.all([from, to].map(({ id }) => readHead(store, id)));
    published.length = 0;
    const answer = await move(committer, scene, ids.op());
    expect(answer).toMatchObject({ brane_id: to.id, seq: (heads[1]?.seq ?? 0) + 1, replayed: false });
    expect([...(await storedObjects(store, from.id)).keys()]).toEqual([from.root]);
    const there = await storedObjects(store, to.id);
    for (const id of [house, chair, attic]) {
      expect(there.get(id)).toMatchObject({
        brane_id: to.id,
        version: (before.get(id)?.version ?? 0) + 1,
        name: before.get(id)?.name,
        created_at: before.get(id)?.created_at,
      });
    }
    expect(there.get(house)?.parent_id).toBe(to.root);
    expect(there.get(chair)?.parent_id).toBe(house);
    await assertBoth(store, scene);
    const kinds = await Promise.all(
      [from, to].map(async ({ id }) => (await storedLog(store, id)).at(-1)?.kind),
    );
    expect(kinds).toEqual(['move_out', 'move_in']);
    expect(published.map(({ braneId, message }) => [braneId, message.seq])).toEqual([
      [from.id, (heads[0]?.seq ?? 0) + 1],
      [to.id, (heads[1]?.seq ?? 0) + 1],
    ]);
    // Both go on as if nothing had been, in this process and in another.
    for (const each of [writer, setUp('other', writer)]) {
      await edit(each.committer, ids, to, [rename(chair, 'seat')]);
      expect(await refusal(edit(each.committer, ids, from, [rename(chair, 'x')]))).toBe('object.not_found');
      expect(await refusal(edit(each.committer, ids, from, [newBlock(house, from.root)]))).toBe('id.taken');
    }
    await assertBoth(store, scene);
  });

  it('happens once for one op id, in both branes (I1, U3, OBJ-7)', async () => {
    const writer = setUp();
    const { committer, store, ids } = writer;
    const scene = await build(writer);
    const op = ids.op();
    const first = await move(committer, scene, op);
    const logs = async () =>
      Promise.all([scene.from, scene.to].map(async ({ id }) => (await storedLog(store, id)).length));
    const lengths = await logs();
    expect(await move(committer, scene, op)).toEqual({ ...first, replayed: true });
    expect(await logs()).toEqual(lengths);
    expect(await refusal(move(committer, scene, op, { order: 'a5' }))).toBe('op_id.reused');
    expect(
      await refusal(edit(committer, ids, scene.from, [rename(scene.from.root, 'x')], { op_id: op })),
    ).toBe('op_id.reused');
  });

  it('asks for rights in both, and tells nobody of what he may not see (L6, OBJ-7)', async () => {
    const writer = setUp();
    const { committer, ids, store } = writer;
    const scene = await build(writer);
    const { from, to } = scene;
    const [viewer, stranger] = [ids.user(), ids.user()];
    const set = async (brane: TestBrane, id: typeof viewer, role: 'viewer' | 'editor', owner = brane.owner) =>
      committer.administer({
        brane_id: brane.id,
        actor: user(owner),
        op_id: ids.op(),
        ops: [{ op: 'set_member', user_id: id, role }],
      });
    await set(from, viewer, 'viewer');
    const as = (id: typeof viewer) => refusal(move(committer, scene, ids.op(), { actor: user(id) }));
    expect(await as(viewer)).toBe('permission.denied');
    expect(await as(stranger)).toBe('object.not_found');
    await set(from, viewer, 'editor');
    expect(await as(viewer)).toBe('brane.not_found');
    await assertBoth(store, scene);
    expect((await storedObjects(store, to.id)).size).toBe(1);
  });

  it('is refused as a whole by what either brane has against it (U3, OBJ-7)', async () => {
    const writer = setUp();
    const { committer, ids, store } = writer;
    const scene = await build(writer);
    const { from, to, house, chair } = scene;
    const link = ids.object();
    await edit(committer, ids, from, [
      { op: 'create', object: { kind: 'group', id: link, parent_id: house, link: to.id } },
    ]);
    const code = (changes: object = {}) => refusal(move(committer, scene, ids.op(), changes));
    expect(await code()).toBe('object.cycle');
    await edit(committer, ids, from, [{ op: 'delete', id: link }]);
    expect(await code({ parent_id: ids.object() })).toBe('object.not_found');
    expect(await code({ id: from.root })).toBe('object.is_root');
    expect(await code({ id: ids.object() })).toBe('object.not_found');
    expect(await code({ if_version: 77 })).toBe('object.version_mismatch');
    await edit(committer, ids, from, [{ op: 'update', id: house, set: { '/locked': true } }]);
    expect(await code()).toBe('object.locked');
    expect(await code({ id: chair })).toBe('object.locked');
    await edit(committer, ids, from, [{ op: 'update', id: house, set: { '/locked': false } }]);
    for (let turn = 0; turn < 5; turn += 1) {
      await edit(
        committer,
        ids,
        from,
        Array.from({ length: 100 }, () => newBlock(ids.object(), house)),
      );
    }
    expect(await code()).toBe('object.too_many_to_move');
    expect((await storedObjects(store, to.id)).size).toBe(1);
    // What was deleted in it stays behind, and goes for good.
    expect(await code({ id: chair })).toBe('none');
    await assertBoth(store, scene);
  });

  it('moves as many as the limit says, in one transaction (OBJ-7)', async () => {
    const writer = setUp();
    const { committer, ids, store } = writer;
    const scene = await build(writer);
    for (const count of [200, 197]) {
      await edit(
        committer,
        ids,
        scene.from,
        Array.from({ length: count }, () => newBlock(ids.object(), scene.attic)),
      );
    }
    await move(committer, scene, ids.op());
    expect((await storedObjects(store, scene.to.id)).size).toBe(401);
    await assertBoth(store, scene);
  });

  it('happens in both or in none, wherever the process is killed, and once when it is asked again (U3, L2, OBJ-7)', async () => {
    for (const when of ['before', 'after'] as const) {
      let killed = 0;
      for (let writes = 1; ; writes += 1) {
        const world = setUp();
        const scene = await build(world);
        const dying = mortal(world.store, writes, when);
        const op = world.ids.op();
        const victim = setUp('victim', { environment: world.environment, store: dying });
        await move(victim.committer, scene, op).catch(() => undefined);
        if (!dying.dead) break;
        killed += 1;
        const here = (await storedObjects(world.store, scene.from.id)).has(scene.house);
        expect((await storedObjects(world.store, scene.to.id)).has(scene.house)).toBe(!here);
        await assertBoth(world.store, scene);
        await move(world.committer, scene, op);
        expect((await storedObjects(world.store, scene.to.id)).has(scene.house)).toBe(true);
        await assertBoth(world.store, scene);
        const log = await storedLog(world.store, scene.to.id);
        expect(log.filter(({ kind }) => kind === 'move_in')).toHaveLength(1);
      }
      expect(killed).toBeGreaterThanOrEqual(2);
    }
  });

  it('goes to and fro between the same branes at once, without waiting for each other (U3, L5, OBJ-7)', async () => {
    const world = setUp();
    const { environment, ids, store } = world;
    const one = await build(world);
    const other = { ...one, from: one.to, to: one.from, house: ids.object() };
    await edit(world.committer, ids, other.from, [newGroup(other.house, other.from.root)]);
    const second = setUp('second', world);
    const busy = Array.from({ length: 20 }, (_, turn) =>
      edit(turn % 2 ? world.committer : second.committer, ids, one.to, [rename(one.to.root, `${turn}`)]),
    );
    const moves = [
      move(world.committer, one, ids.op()),
      move(second.committer, other, ids.op()),
      move(world.committer, { ...one, house: one.chair }, ids.op()),
    ];
    const outcomes = await inTime(Promise.allSettled([...moves, ...busy]), environment);
    expect(outcomes.slice(0, 2).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    await assertBoth(store, one);
    expect((await storedObjects(store, one.to.id)).has(one.house)).toBe(true);
    expect((await storedObjects(store, one.from.id)).has(other.house)).toBe(true);
  });
});
