import type { OpId, UserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import {
  assertConsistent,
  at,
  edit,
  makeBrane,
  newBlock,
  newGroup,
  rename,
  storedLog,
  storedObjects,
  user,
} from './test-support/branes.spec-support';
import { createWriter, refusal } from './test-support/writer.spec-support';

async function setUp() {
  const environment = createFakeEnvironment();
  const writer = createWriter({ environment, store: createMemoryStore({ environment }) });
  const { committer, ids, store } = writer;
  const brane = await makeBrane(committer, ids);
  const editor = ids.user();
  const ops = [{ op: 'set_member', user_id: editor, role: 'editor' }] as const;
  await committer.administer({ brane_id: brane.id, actor: user(brane.owner), op_id: ids.op(), ops });
  const request = (target?: OpId, userId: UserId = brane.owner) => ({
    brane_id: brane.id,
    actor: user(userId),
    op_id: ids.op(),
    ...(target === undefined ? {} : { target_op_id: target }),
  });
  return {
    ...writer,
    brane,
    editor,
    by: (userId: UserId) => ({ actor: user(userId) }),
    undo: (target?: OpId, userId?: UserId) => committer.undo(request(target, userId)),
    redo: (target?: OpId, userId?: UserId) => committer.redo(request(target, userId)),
    names: async () =>
      [...(await storedObjects(store, brane.id)).values()].map((object) => object.name).sort(),
    object: async (id: Parameters<typeof rename>[0]) => (await storedObjects(store, brane.id)).get(id),
  };
}

describe('undo and redo', () => {
  it('take back one op of its author and do it again, as entries of the log (U1, U2)', async () => {
    const { committer, store, ids, brane, undo, redo, object } = await setUp();
    const id = ids.object();
    await edit(committer, ids, brane, [newBlock(id, brane.root, 'first')]);
    const painted = await edit(committer, ids, brane, [
      rename(id, 'second'),
      { op: 'transform', id, transform: at(5) },
      { op: 'update', id, set: { '/properties/color': 'red' } },
    ]);
    const undone = await undo(painted.op_id);
    expect(await object(id)).toMatchObject({ name: 'first', properties: {}, version: 7 });
    expect((await object(id))?.transform[12]).toBe(0);
    const redone = await redo(undone.op_id);
    expect(await object(id)).toMatchObject({ name: 'second', properties: { color: 'red' } });
    expect((await object(id))?.transform[12]).toBe(5);
    const log = await storedLog(store, brane.id);
    expect(log.slice(-2).map((entry) => [entry.op_id, entry.kind])).toEqual([
      [undone.op_id, 'undo'],
      [redone.op_id, 'redo'],
    ]);
    await assertConsistent(store, brane.id);
  });

  it('go to and fro any number of times, whichever of its names the op is given (U2)', async () => {
    const { committer, store, ids, brane, undo, redo, object } = await setUp();
    const id = ids.object();
    await edit(committer, ids, brane, [newBlock(id, brane.root, 'old')]);
    const { op_id } = await edit(committer, ids, brane, [rename(id, 'new')]);
    let name = op_id;
    for (let round = 0; round < 12; round += 1) {
      const undone = await undo(round % 2 === 0 ? op_id : name);
      expect((await object(id))?.name).toBe('old');
      const redone = await redo(round % 3 === 0 ? op_id : undone.op_id);
      expect((await object(id))?.name).toBe('new');
      name = redone.op_id;
    }
    expect(await refusal(redo(op_id))).toBe('undo.already_done');
    await undo(op_id);
    expect(await refusal(undo(op_id))).toBe('undo.already_done');
    expect(await refusal(undo(name))).toBe('undo.already_done');
    await assertConsistent(store, brane.id);
  });

  it('take the user’s latest when no target is named, back to the first and forth again (U2)', async () => {
    const { committer, ids, brane, editor, by, undo, redo, object } = await setUp();
    const id = ids.object();
    await edit(committer, ids, brane, [newBlock(id, brane.root, '0')]);
    for (const name of ['1', '2', '3']) await edit(committer, ids, brane, [rename(id, name)]);
    await edit(committer, ids, brane, [{ op: 'update', id, set: { '/properties/x': 1 } }], by(editor));
    const seen: (string | undefined)[] = [];
    for (let i = 0; i < 3; i += 1) {
      await undo();
      seen.push((await object(id))?.name);
    }
    for (let i = 0; i < 3; i += 1) {
      await redo();
      seen.push((await object(id))?.name);
    }
    expect(seen).toEqual(['2', '1', '0', '1', '2', '3']);
    expect(await refusal(redo())).toBe('undo.nothing');
    expect((await object(id))?.properties).toEqual({ x: 1 });
    await undo(undefined, editor);
    expect((await object(id))?.properties).toEqual({});
  });

  it('have nothing to do again once the user has edited anew, but by name (U2)', async () => {
    const { committer, ids, brane, editor, by, undo, redo, object } = await setUp();
    const id = ids.object();
    await edit(committer, ids, brane, [newBlock(id, brane.root, '0')]);
    const first = await edit(committer, ids, brane, [rename(id, '1')]);
    await undo();
    // Another's edit ends nothing of his.
    await edit(committer, ids, brane, [{ op: 'update', id, set: { '/properties/x': 1 } }], by(editor));
    await redo();
    expect((await object(id))?.name).toBe('1');
    await undo();
    await edit(committer, ids, brane, [{ op: 'update', id, set: { '/properties/y': 1 } }]);
    expect(await refusal(redo())).toBe('undo.nothing');
    await undo();
    expect((await object(id))?.properties).toEqual({ x: 1 });
    await redo();
    expect((await object(id))?.properties).toEqual({ x: 1, y: 1 });
    expect(await refusal(redo())).toBe('undo.nothing');
    await redo(first.op_id);
    expect((await object(id))?.name).toBe('1');
  });

  it('leave alone what was changed since, and say so (U1)', async () => {
    const { committer, store, ids, brane, editor, by, undo, object } = await setUp();
    const id = ids.object();
    await edit(committer, ids, brane, [newBlock(id, brane.root, 'old')]);
    const set = { '/name': 'new', '/properties/color': 'red' };
    const both = await edit(committer, ids, brane, [{ op: 'update', id, set }]);
    await edit(
      committer,
      ids,
      brane,
      [{ op: 'update', id, set: { '/properties/color': 'blue' } }],
      by(editor),
    );
    const undone = await undo(both.op_id);
    expect(await object(id)).toMatchObject({ name: 'old', properties: { color: 'blue' } });
    expect(undone.skipped).toEqual([expect.objectContaining({ id, pointer: '/properties/color' })]);
    await assertConsistent(store, brane.id);
  });

  it('are refused when nothing is left to take back, and pass over that when no target is named (U1)', async () => {
    const { committer, ids, brane, editor, by, undo, object } = await setUp();
    const id = ids.object();
    await edit(committer, ids, brane, [newBlock(id, brane.root, 'block')]);
    const earlier = await edit(committer, ids, brane, [
      { op: 'update', id, set: { '/properties/color': 'red' } },
    ]);
    const overwritten = await edit(committer, ids, brane, [rename(id, 'mine')]);
    await edit(committer, ids, brane, [rename(id, 'his')], by(editor));
    expect(await refusal(undo(overwritten.op_id))).toBe('undo.superseded');
    await undo();
    expect(await object(id)).toMatchObject({ name: 'his', properties: {} });
    expect(await refusal(undo(earlier.op_id))).toBe('undo.already_done');
    // All that is left cannot be taken back: others have worked on it.
    expect(await refusal(undo())).toBe('undo.superseded');
  });

  it('do not take away what others have worked on (U1)', async () => {
    const { committer, store, ids, brane, editor, by, undo } = await setUp();
    const [group, own, foreign] = [ids.object(), ids.object(), ids.object()];
    const made = await edit(committer, ids, brane, [newGroup(group, brane.root), newBlock(own, group)]);
    const his = await edit(committer, ids, brane, [newBlock(foreign, group)], by(editor));
    expect(await refusal(undo(made.op_id))).toBe('undo.superseded');
    await undo(his.op_id, editor);
    await undo(made.op_id);
    const objects = await storedObjects(store, brane.id);
    expect(objects.get(group)?.deleted_at).toBeDefined();
    await assertConsistent(store, brane.id);
  });

  it('bring back a deleted subtree as it was (S1)', async () => {
    const { committer, store, ids, brane, undo, object } = await setUp();
    const [group, child] = [ids.object(), ids.object()];
    await edit(committer, ids, brane, [newGroup(group, brane.root), newBlock(child, group, 'child')]);
    const deleted = await edit(committer, ids, brane, [{ op: 'delete', id: group }]);
    expect(await refusal(edit(committer, ids, brane, [rename(child, 'x')]))).toBe('object.not_found');
    await undo(deleted.op_id);
    expect((await object(group))?.deleted_at).toBeUndefined();
    expect(await refusal(edit(committer, ids, brane, [rename(child, 'x')]))).toBe('none');
    await assertConsistent(store, brane.id);
  });

  it('are refused for what is not this user’s to take back (U2)', async () => {
    const { committer, ids, brane, editor, undo, redo } = await setUp();
    const mine = await edit(committer, ids, brane, [rename(brane.root, 'mine')]);
    expect(await refusal(undo(mine.op_id, editor))).toBe('undo.not_found');
    expect(await refusal(undo(ids.op()))).toBe('undo.not_found');
    expect(await refusal(undo(undefined, editor))).toBe('undo.nothing');
    expect(await refusal(redo())).toBe('undo.nothing');
    const administered = ids.op();
    await committer.administer({
      brane_id: brane.id,
      actor: user(brane.owner),
      op_id: administered,
      ops: [{ op: 'set_brane', name: 'x' }],
    });
    expect(await refusal(undo(administered))).toBe('undo.not_found');
    const op_id = ids.op();
    await refusal(edit(committer, ids, brane, [rename(ids.object(), 'x')], { op_id, again: true }));
    expect(await refusal(undo(op_id))).toBe('undo.not_found');
    const viewer = ids.user();
    await committer.administer({
      brane_id: brane.id,
      actor: user(brane.owner),
      op_id: ids.op(),
      ops: [{ op: 'set_member', user_id: viewer, role: 'viewer' }],
    });
    expect(await refusal(undo(undefined, viewer))).toBe('permission.denied');
  });

  it('cannot reach below the floor of the log (R3)', async () => {
    const { committer, store, ids, brane, undo } = await setUp();
    const old = await edit(committer, ids, brane, [rename(brane.root, 'old')]);
    await edit(committer, ids, brane, [rename(brane.root, 'new')]);
    await store.transact({ label: 'test' }, async (tx) => {
      const head = await tx.get('heads', [brane.id]);
      if (head) tx.put('heads', { ...head, log_floor: old.seq + 1 });
    });
    expect(await refusal(undo(old.op_id))).toBe('undo.too_old');
    expect(await refusal(undo())).toBe('none');
    expect(await refusal(undo())).toBe('undo.too_old');
  });

  it('work on an edit of the same group commit', async () => {
    const { committer, store, ids, brane, undo, redo, object, groups } = await setUp();
    const id = ids.object();
    await edit(committer, ids, brane, [newBlock(id, brane.root, 'old')]);
    groups.length = 0;
    const answers = await Promise.all([
      refusal(edit(committer, ids, brane, [rename(id, 'new')])),
      refusal(undo()),
      refusal(redo()),
      refusal(undo()),
      refusal(undo()),
    ]);
    expect(answers).toEqual(['none', 'none', 'none', 'none', 'none']);
    expect(groups).toEqual([5]);
    expect((await object(id))?.deleted_at).toBeDefined();
    await assertConsistent(store, brane.id);
  });

  it('are answered the same way again (I1)', async () => {
    const { committer, ids, brane } = await setUp();
    const made = await edit(committer, ids, brane, [rename(brane.root, 'x')]);
    const request = {
      brane_id: brane.id,
      actor: user(brane.owner),
      op_id: ids.op(),
      target_op_id: made.op_id,
    };
    const first = await committer.undo(request);
    expect(await committer.undo(request)).toEqual({ ...first, replayed: true });
    expect(await refusal(committer.redo(request))).toBe('op_id.reused');
  });
});
