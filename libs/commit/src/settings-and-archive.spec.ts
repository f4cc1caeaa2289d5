import type { BraneChange, UserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import { SYSTEM_USER } from './create-committer';
import { readMeta } from './read';
import {
  assertConsistent,
  edit,
  makeBrane,
  newBlock,
  rename,
  type TestBrane,
  user,
} from './test-support/branes.spec-support';
import { createWriter, refusal } from './test-support/writer.spec-support';

const HOUR_MS = 3_600_000;

function setUp() {
  const environment = createFakeEnvironment();
  const writer = createWriter({ environment, store: createMemoryStore({ environment }) });
  const { committer, ids } = writer;
  const administer = (brane: TestBrane, ops: readonly BraneChange[], userId: UserId = brane.owner) =>
    committer.administer({ brane_id: brane.id, actor: user(userId), op_id: ids.op(), ops });
  const member = async (brane: TestBrane, role: 'editor' | 'viewer') => {
    const userId = ids.user();
    await administer(brane, [{ op: 'set_member', user_id: userId, role }]);
    return userId;
  };
  return { ...writer, administer, member };
}

describe('an archived brane (BRANE-5)', () => {
  it('refuses edits, undos and redos to everybody, and takes them again afterwards', async () => {
    const { committer, store, ids, administer, member } = setUp();
    const brane = await makeBrane(committer, ids);
    const editor = await member(brane, 'editor');
    const viewer = await member(brane, 'viewer');
    await edit(committer, ids, brane, [rename(brane.root, 'one')]);
    await administer(brane, [{ op: 'set_brane', archived: true }]);
    const meta = await readMeta(store, brane.id);
    expect(meta).toMatchObject({ status: 'live' });
    expect(typeof meta?.archived_at).toBe('string');
    for (const userId of [brane.owner, editor]) {
      const change = committer.edit({
        brane_id: brane.id,
        actor: user(userId),
        op_id: ids.op(),
        ops: [rename(brane.root, 'x')],
      });
      expect(await refusal(change)).toBe('brane.archived');
    }
    const undo = { brane_id: brane.id, actor: user(brane.owner), op_id: ids.op() };
    expect(await refusal(committer.undo(undo))).toBe('brane.archived');
    expect(await refusal(committer.undo({ ...undo, actor: user(viewer) }))).toBe('permission.denied');
    // What is said of it, and who may see it, stays its owners' business.
    expect(await refusal(administer(brane, [{ op: 'set_brane', name: 'museum' }]))).toBe('none');
    expect(await refusal(administer(brane, [{ op: 'set_brane', archived: false }], editor))).toBe(
      'permission.denied',
    );
    await administer(brane, [{ op: 'set_brane', archived: false }]);
    expect(await refusal(committer.undo(undo))).toBe('none');
    await assertConsistent(store, brane.id);
  });

  it('is still reaped (S1)', async () => {
    const { committer, ids, administer, environment } = setUp();
    const brane = await makeBrane(committer, ids);
    const id = ids.object();
    await edit(committer, ids, brane, [newBlock(id, brane.root)]);
    await edit(committer, ids, brane, [{ op: 'delete', id }]);
    await administer(brane, [{ op: 'set_brane', archived: true }]);
    environment.jump(HOUR_MS);
    const now = new Date(environment.clock.now()).toISOString();
    expect(await committer.reap(brane.id, now, 10)).toBe(1);
  });
});

describe('the settings of a brane (BRANE-4, L6)', () => {
  it('are merged in the transaction, logged as a whole, and kept in its record', async () => {
    const { committer, store, ids, administer } = setUp();
    const brane = await makeBrane(committer, ids);
    await Promise.all([
      administer(brane, [{ op: 'set_brane', settings: { description: 'a town', tags: ['x'] } }]),
      administer(brane, [{ op: 'set_brane', settings: { history_days: 7, tags: null } }]),
    ]);
    expect((await readMeta(store, brane.id))?.settings).toEqual({ description: 'a town', history_days: 7 });
    const tooLong = administer(brane, [{ op: 'set_brane', settings: { description: 'x'.repeat(2_001) } }]);
    expect(await refusal(tooLong)).toBe('field.too_large');
    await assertConsistent(store, brane.id);
  });
});

describe('a deleted brane', () => {
  it('takes from the server alone that a member is gone', async () => {
    const { committer, store, ids, administer, member } = setUp();
    const brane = await makeBrane(committer, ids);
    const editor = await member(brane, 'editor');
    await administer(brane, [{ op: 'set_status', status: 'deleted' }]);
    const ops = [
      { op: 'set_member', user_id: editor, role: 'owner' },
      { op: 'set_member', user_id: brane.owner, role: null },
    ] as const;
    expect(await refusal(administer(brane, ops))).toBe('brane.deleted');
    await committer.administer({
      brane_id: brane.id,
      actor: { kind: 'system', user_id: SYSTEM_USER },
      op_id: ids.op(),
      ops,
    });
    expect((await readMeta(store, brane.id))?.members).toEqual({ [editor]: 'owner' });
    expect(await refusal(administer(brane, [{ op: 'set_status', status: 'live' }], editor))).toBe('none');
  });
});
