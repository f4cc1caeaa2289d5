import { type BraneChange, type Role, type UserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import { readMeta } from './read';
import {
  assertConsistent,
  edit,
  makeBrane,
  rename,
  type TestBrane,
  user,
} from './test-support/branes.spec-support';
import { createWriter, refusal } from './test-support/writer.spec-support';

function setUp() {
  const environment = createFakeEnvironment();
  const writer = createWriter({ environment, store: createMemoryStore({ environment }) });
  const { committer, ids } = writer;
  const administer = (brane: TestBrane, ops: readonly BraneChange[], userId: UserId = brane.owner) =>
    committer.administer({ brane_id: brane.id, actor: user(userId), op_id: ids.op(), ops });
  const member = async (brane: TestBrane, role: Role) => {
    const userId = ids.user();
    await administer(brane, [{ op: 'set_member', user_id: userId, role }]);
    return userId;
  };
  return { ...writer, administer, member };
}

describe('moderation', () => {
  it('lets moderators moderate, edit and nothing else; the banned see nothing, the muted look (MOD-1, MOD-2)', async () => {
    const { committer, store, ids, administer, member } = setUp();
    const brane = await makeBrane(committer, ids);
    const [moderator, editor] = [await member(brane, 'moderator'), await member(brane, 'editor')];
    const asks = async (change: Omit<Extract<BraneChange, { op: 'set_brane' }>, 'op'>, by = moderator) =>
      refusal(administer(brane, [{ op: 'set_brane', ...change }], by));
    const edits = (userId: UserId) =>
      refusal(edit(committer, ids, brane, [rename(brane.root, ids.op())], { actor: user(userId) }));
    const denied = 'permission.denied';
    expect(await asks({ mutes: { [editor]: null } })).toBe('none');
    expect(await edits(editor)).toBe(denied);
    expect(await asks({ mutes: { [editor]: false }, bans: { [editor]: null } })).toBe('none');
    expect(await edits(editor)).toBe('brane.not_found');
    expect(await asks({ bans: { [editor]: false } }, editor)).toBe('brane.not_found');
    expect(await asks({ bans: { [editor]: false }, kick: editor })).toBe('none');
    expect([await edits(editor), await edits(moderator)]).toEqual(['none', 'none']);
    expect(await asks({ kick: moderator }, editor)).toBe(denied);
    expect(await asks({ bans: { [editor]: null }, name: 'mine' })).toBe(denied);
    expect(await asks({ bans: { [brane.owner]: null } })).toBe(denied);
    expect(await asks({ kick: moderator })).toBe(denied);
    expect(await asks({ bans: {} })).toBe(denied);
    for (const change of [
      { op: 'set_member', user_id: editor, role: 'owner' },
      { op: 'set_status', status: 'deleted' },
    ] as const)
      expect(await refusal(administer(brane, [change], moderator))).toBe(denied);
    expect((await readMeta(store, brane.id))?.kicks).toHaveProperty(editor);
    await assertConsistent(store, brane.id);
  });
});
