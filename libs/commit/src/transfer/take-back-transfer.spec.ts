import {
  edit,
  newGroup,
  rename,
  storedObjects,
  type TestBrane,
  user,
} from '../test-support/branes.spec-support';
import { assertBoth, build, move, setUp } from '../test-support/transfers.spec-support';
import { refusal } from '../test-support/writer.spec-support';

describe('a move between branes', () => {
  it('is undone by the reverse move, and done again, with rights in both (U2, U3, OBJ-8)', async () => {
    const writer = setUp();
    const { committer, ids, store } = writer;
    const scene = await build(writer);
    const { from, to, house, chair } = scene;
    const order = (await storedObjects(store, from.id)).get(house)?.order;
    const moved = ids.op();
    await move(committer, scene, moved);
    // What others did to it meanwhile comes along.
    await edit(committer, ids, to, [rename(chair, 'seat')]);
    const take = (kind: 'undo' | 'redo', brane: TestBrane, changes: object = {}) =>
      committer[kind]({
        brane_id: brane.id,
        actor: user(from.owner),
        op_id: ids.op(),
        target_op_id: moved,
        ...changes,
      });
    const again = ids.op();
    const undone = await take('undo', from, { op_id: again });
    expect(undone).toMatchObject({ brane_id: from.id, replayed: false });
    expect((await storedObjects(store, from.id)).get(house)).toMatchObject({ parent_id: from.root, order });
    expect((await storedObjects(store, from.id)).get(chair)).toMatchObject({ name: 'seat' });
    await assertBoth(store, scene);
    expect(await take('undo', from, { op_id: again })).toMatchObject({ seq: undone.seq, replayed: true });
    expect(await refusal(take('undo', to))).toBe('undo.already_done');
    expect(await take('redo', to)).toMatchObject({ brane_id: to.id });
    expect((await storedObjects(store, to.id)).has(house)).toBe(true);
    expect(await refusal(take('redo', from))).toBe('undo.already_done');
    const member = { op: 'set_member', user_id: from.owner, role: 'viewer' } as const;
    const boss = (
      await store.read({ label: 'spec' }, (tx) => tx.range('members', { prefix: [to.id], limit: 9 }))
    ).find(({ role }) => role === 'owner');
    const actor = user(boss?.user_id ?? from.owner);
    await committer.administer({ brane_id: to.id, actor, op_id: ids.op(), ops: [member] });
    expect(await refusal(take('undo', from))).toBe('permission.denied');
    const editor = { ...member, role: 'editor' } as const;
    await committer.administer({ brane_id: to.id, actor, op_id: ids.op(), ops: [editor] });
    await take('undo', to);
    expect((await storedObjects(store, from.id)).has(house)).toBe(true);
    await assertBoth(store, scene);
  });

  it('is not undone once it hangs elsewhere; unnamed, what lies before it is (U1, U2, OBJ-8)', async () => {
    const writer = setUp();
    const { committer, ids, store } = writer;
    const scene = await build(writer);
    const { from, to, house, chair } = scene;
    const last = ids.op();
    await edit(committer, ids, from, [rename(from.root, 'renamed')], { op_id: last });
    const moved = ids.op();
    await move(committer, scene, moved);
    const shelf = ids.object();
    await edit(committer, ids, to, [newGroup(shelf, to.root), { op: 'move', id: house, parent_id: shelf }]);
    const undo = (changes: object = {}) =>
      committer.undo({ brane_id: from.id, actor: user(from.owner), op_id: ids.op(), ...changes });
    expect(await refusal(undo({ target_op_id: moved }))).toBe('undo.superseded');
    await undo();
    expect((await storedObjects(store, from.id)).get(from.root)?.name).toBe('a brane');
    // Back where it was put, and then it is the latest that can be undone.
    await edit(committer, ids, to, [{ op: 'move', id: house, parent_id: to.root }]);
    await undo();
    expect((await storedObjects(store, from.id)).has(chair)).toBe(true);
    await assertBoth(store, scene);
  });
});
