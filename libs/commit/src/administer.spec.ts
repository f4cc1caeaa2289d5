import { asBraneId, type BraneOp, LIMITS, type UserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import { PURGE_AFTER_MS } from './administer';
import { SYSTEM_USER } from './create-committer';
import { readBrane, readHead, readMeta } from './read';
import { readLog } from './read-log';
import {
  assertConsistent,
  edit,
  makeBrane,
  newBlock,
  newGroup,
  rename,
  storedLog,
  storedSpace,
  type TestBrane,
  user,
} from './test-support/branes.spec-support';
import { createWriter, refusal } from './test-support/writer.spec-support';

const HOUR_MS = 3_600_000;

function setUp() {
  const environment = createFakeEnvironment();
  const writer = createWriter({ environment, store: createMemoryStore({ environment }) });
  const { committer, ids } = writer;
  const administer = (
    brane: TestBrane,
    ops: readonly BraneOp[],
    userId: UserId = brane.owner,
    if_version?: number,
  ) =>
    committer.administer({
      brane_id: brane.id,
      actor: user(userId),
      op_id: ids.op(),
      ops,
      ...(if_version === undefined ? {} : { if_version }),
    });
  const member = async (brane: TestBrane, role: 'owner' | 'editor' | 'viewer') => {
    const userId = ids.user();
    await administer(brane, [{ op: 'set_member', user_id: userId, role }]);
    return userId;
  };
  return { ...writer, administer, member };
}

describe('a new brane', () => {
  it('has a head, a root of the same id, an owner, and the first entry of its log (S7, L3)', async () => {
    const { committer, store, ids, published } = setUp();
    const brane = await makeBrane(committer, ids);
    const view = await readBrane(store, brane.id);
    expect(view?.head).toMatchObject({ seq: 1, status: 'live', objects: 1, log_floor: 1, dedupe_floor: 1 });
    expect(view?.meta).toMatchObject({ name: 'a brane', members: { [brane.owner]: 'owner' } });
    expect(view?.version).toBe(1);
    expect(published).toHaveLength(1);
    const scene = await assertConsistent(store, brane.id);
    expect(scene.get(brane.root)).toMatchObject({ parent_id: null, is_brane: true });
  });

  it('has an epoch that no other has (L3)', async () => {
    const { committer, store, ids } = setUp();
    const [one, other] = [await makeBrane(committer, ids), await makeBrane(committer, ids)];
    const epochs = [await readHead(store, one.id), await readHead(store, other.id)].map(
      (head) => head?.epoch,
    );
    expect(new Set(epochs).size).toBe(2);
  });

  it('is made once for one op id, with or without a chosen id (I1)', async () => {
    const { committer, ids } = setUp();
    const owner = ids.user();
    const asked = { op_id: ids.op(), name: 'one', visibility: 'private' } as const;
    const first = await committer.createBrane(user(owner), asked);
    const again = await committer.createBrane(user(owner), asked);
    expect(again.meta).toEqual(first.meta);
    expect([first.committed.replayed, again.committed.replayed]).toEqual([false, true]);
    expect(await refusal(committer.createBrane(user(owner), { ...asked, name: 'two' }))).toBe('op_id.reused');
    const other = await committer.createBrane(user(ids.user()), asked);
    expect(other.meta.id).not.toBe(first.meta.id);
    const chosen = { ...asked, op_id: ids.op(), id: asBraneId(ids.object()) };
    const made = await committer.createBrane(user(owner), chosen);
    expect(made.meta.id).toBe(chosen.id);
    expect((await committer.createBrane(user(owner), chosen)).committed.replayed).toBe(true);
    const taken = { ...chosen, op_id: ids.op() };
    expect(await refusal(committer.createBrane(user(owner), taken))).toBe('id.taken');
  });

  it('is refused with a name that is too long', async () => {
    const { committer, ids } = setUp();
    const asked = { op_id: ids.op(), name: 'x'.repeat(201), visibility: 'private' } as const;
    expect(await refusal(committer.createBrane(user(ids.user()), asked))).toBe('field.too_large');
  });

  it('writes the caller’s records in the same transaction (I5)', async () => {
    const { committer, store, ids } = setUp();
    const asked = { op_id: ids.op(), name: 'one', visibility: 'private' } as const;
    await committer.createBrane(user(ids.user()), {
      ...asked,
      also: (tx, outcome) => tx.put('meta', { key: 'mine', value: outcome.seq }),
    });
    const doc = await store.read({ label: 'test' }, (tx) => tx.get('meta', ['mine']));
    expect(doc?.value).toBe(1);
  });
});

describe('name, visibility and members (L6)', () => {
  it('are entries of the log that advance the head, with a version of their own', async () => {
    const { committer, store, ids, administer } = setUp();
    const brane = await makeBrane(committer, ids);
    const editor = ids.user();
    const committed = await administer(brane, [
      { op: 'set_brane', name: 'renamed', visibility: 'link' },
      { op: 'set_member', user_id: editor, role: 'editor' },
    ]);
    expect(committed.seq).toBe(2);
    expect(await readBrane(store, brane.id)).toMatchObject({
      meta: { name: 'renamed', visibility: 'link', members: { [editor]: 'editor' } },
      version: 2,
    });
    expect((await storedLog(store, brane.id)).at(-1)).toMatchObject({ kind: 'system', inverses: [] });
    await assertConsistent(store, brane.id);
  });

  it('hold in the very next transaction, and already within a group (L6)', async () => {
    const { committer, store, ids, administer, member } = setUp();
    const brane = await makeBrane(committer, ids);
    const editor = await member(brane, 'editor');
    const answers = await Promise.all([
      refusal(edit(committer, ids, brane, [rename(brane.root, '1')], { actor: user(editor) })),
      refusal(administer(brane, [{ op: 'set_member', user_id: editor, role: 'viewer' }])),
      refusal(edit(committer, ids, brane, [rename(brane.root, '2')], { actor: user(editor) })),
      refusal(administer(brane, [{ op: 'set_member', user_id: editor, role: null }])),
      refusal(edit(committer, ids, brane, [rename(brane.root, '3')], { actor: user(editor) })),
    ]);
    expect(answers).toEqual(['none', 'none', 'permission.denied', 'none', 'brane.not_found']);
    await assertConsistent(store, brane.id);
  });

  it('decide who may do what', async () => {
    const { committer, ids, administer, member } = setUp();
    const brane = await makeBrane(committer, ids);
    const [editor, viewer, stranger] = [
      await member(brane, 'editor'),
      await member(brane, 'viewer'),
      ids.user(),
    ];
    const asks = (userId: UserId) =>
      Promise.all([
        refusal(edit(committer, ids, brane, [rename(brane.root, 'x')], { actor: user(userId) })),
        refusal(administer(brane, [{ op: 'set_brane', name: 'x' }], userId)),
        refusal(administer(brane, [{ op: 'set_member', user_id: userId, role: 'owner' }], userId)),
        refusal(administer(brane, [{ op: 'set_status', status: 'deleted' }], userId)),
      ]);
    const denied = 'permission.denied';
    const hidden = 'brane.not_found';
    expect(await asks(editor)).toEqual(['none', denied, denied, denied]);
    expect(await asks(viewer)).toEqual([denied, denied, denied, denied]);
    expect(await asks(stranger)).toEqual([hidden, hidden, hidden, hidden]);
    await administer(brane, [{ op: 'set_brane', visibility: 'public' }]);
    expect(await asks(stranger)).toEqual([denied, denied, denied, denied]);
    expect(await refusal(administer(brane, [{ op: 'set_status', status: 'purging' }]))).toBe(denied);
  });

  it('let every member leave, but not the last owner', async () => {
    const { committer, store, ids, administer, member } = setUp();
    const brane = await makeBrane(committer, ids);
    const viewer = await member(brane, 'viewer');
    const leave = (userId: UserId) =>
      administer(brane, [{ op: 'set_member', user_id: userId, role: null }], userId);
    expect(await refusal(leave(viewer))).toBe('none');
    expect(await refusal(leave(brane.owner))).toBe('member.last_owner');
    await member(brane, 'owner');
    expect(await refusal(leave(brane.owner))).toBe('none');
    expect(Object.keys((await readMeta(store, brane.id))?.members ?? {})).toHaveLength(1);
  });

  it('are conditional on the version that the caller names, and all or nothing (L1)', async () => {
    const { committer, store, ids, administer } = setUp();
    const brane = await makeBrane(committer, ids);
    await administer(brane, [{ op: 'set_brane', name: 'two' }], brane.owner, 1);
    expect(await refusal(administer(brane, [{ op: 'set_brane', name: 'x' }], brane.owner, 1))).toBe(
      'precondition.failed',
    );
    const half = [
      { op: 'set_brane', name: 'half' },
      { op: 'set_member', user_id: ids.user(), role: null },
    ] as const;
    expect(await refusal(administer(brane, half))).toBe('member.unknown');
    expect(await refusal(administer(brane, []))).toBe('edit.empty');
    const tooLong = [
      { op: 'set_brane', name: 'half' },
      { op: 'set_brane', name: 'x'.repeat(201) },
    ] as const;
    const group = [tooLong, [{ op: 'set_brane', visibility: 'link' }] as const];
    const answers = await Promise.all(group.map((ops) => refusal(administer(brane, ops))));
    expect(answers).toEqual(['field.too_large', 'none']);
    expect((await readMeta(store, brane.id))?.name).toBe('two');
    await assertConsistent(store, brane.id);
  });

  it('are limited in number', async () => {
    const { committer, ids, administer, member } = setUp();
    const brane = await makeBrane(committer, ids);
    const ops = Array.from(
      { length: LIMITS.members_per_brane - 1 },
      () => ({ op: 'set_member', user_id: ids.user(), role: 'viewer' }) as const,
    );
    await administer(brane, ops);
    expect(await refusal(member(brane, 'viewer'))).toBe('brane.too_many_members');
    const [first] = ops;
    if (first) expect(await refusal(administer(brane, [{ ...first, role: 'editor' }]))).toBe('none');
  });

  it('remember since when somebody is a member', async () => {
    const { committer, store, ids, administer, member, environment } = setUp();
    const brane = await makeBrane(committer, ids);
    const userId = await member(brane, 'viewer');
    const since = () =>
      store.read({ label: 'test' }, async (tx) => (await tx.get('members', [brane.id, userId]))?.since);
    const first = await since();
    environment.jump(HOUR_MS);
    await administer(brane, [{ op: 'set_member', user_id: userId, role: 'editor' }]);
    expect(await since()).toBe(first);
  });
});

describe('the deletion of a brane (L7)', () => {
  it('is an entry of the log with a day of purge, and can be taken back until then', async () => {
    const { committer, store, ids, administer, environment } = setUp();
    const brane = await makeBrane(committer, ids);
    const early = new Date(environment.clock.now()).toISOString();
    await administer(brane, [{ op: 'set_status', status: 'deleted', purge_after: early }]);
    const meta = await readMeta(store, brane.id);
    expect(meta).toMatchObject({ status: 'deleted' });
    expect(Date.parse(meta?.purge_after ?? '') - environment.clock.now()).toBe(PURGE_AFTER_MS);
    expect((await readHead(store, brane.id))?.status).toBe('deleted');
    expect(await refusal(edit(committer, ids, brane, [rename(brane.root, 'x')]))).toBe('brane.deleted');
    expect(await refusal(administer(brane, [{ op: 'set_brane', name: 'x' }]))).toBe('brane.deleted');
    environment.jump(PURGE_AFTER_MS - HOUR_MS);
    await administer(brane, [{ op: 'set_status', status: 'live' }]);
    expect(await refusal(edit(committer, ids, brane, [rename(brane.root, 'x')]))).toBe('none');
    expect((await readMeta(store, brane.id))?.purge_after).toBeUndefined();
    await assertConsistent(store, brane.id);
  });

  it('is final after that day, even before the purge has begun', async () => {
    const { committer, ids, administer, environment } = setUp();
    const brane = await makeBrane(committer, ids);
    await administer(brane, [{ op: 'set_status', status: 'deleted' }]);
    environment.jump(PURGE_AFTER_MS + 1);
    expect(await refusal(administer(brane, [{ op: 'set_status', status: 'live' }]))).toBe('brane.deleted');
  });

  it('purges in bounded steps, an hour late rather than a second early, and leaves a tombstone (L4)', async () => {
    const { committer, store, ids, administer, environment } = setUp();
    const brane = await makeBrane(committer, ids);
    const group = ids.object();
    await edit(committer, ids, brane, [newGroup(group, brane.root)]);
    for (let i = 0; i < 5; i += 1) await edit(committer, ids, brane, [newBlock(ids.object(), group)]);
    expect(await committer.purge(brane.id, 3)).toBe(true);
    await administer(brane, [{ op: 'set_status', status: 'deleted' }]);
    environment.jump(PURGE_AFTER_MS + HOUR_MS / 2);
    expect(await committer.purge(brane.id, 3)).toBe(true);
    expect((await readHead(store, brane.id))?.status).toBe('deleted');
    environment.jump(HOUR_MS);
    expect(await committer.purge(brane.id, 3)).toBe(false);
    expect((await readHead(store, brane.id))?.status).toBe('purging');
    expect((await storedLog(store, brane.id)).at(-1)?.actor).toBe(SYSTEM_USER);
    expect(await refusal(administer(brane, [{ op: 'set_status', status: 'live' }]))).toBe('brane.deleted');
    const stranger = { actor: user(ids.user()) };
    expect(await refusal(edit(committer, ids, brane, [rename(group, 'x')], stranger))).toBe(
      'brane.not_found',
    );
    let steps = 1;
    while (!(await committer.purge(brane.id, 3))) steps += 1;
    expect(steps).toBeGreaterThan(8);
    expect(await readHead(store, brane.id)).toMatchObject({ status: 'purged', objects: 0 });
    expect(await readMeta(store, brane.id)).toBeUndefined();
    expect(await storedLog(store, brane.id)).toEqual([]);
    expect((await storedSpace(store, brane.id)).size).toBe(0);
    const left = await store.read({ label: 'test' }, async (tx) => [
      await tx.range('objects', { prefix: [brane.id], limit: 1 }),
      await tx.range('op_results', { prefix: [brane.id], limit: 1 }),
      await tx.range('members', { prefix: [brane.id], limit: 1 }),
      await tx.get('object_ids', [group]),
    ]);
    expect(left).toEqual([[], [], [], { id: group, brane_id: brane.id, version: 1 }]);
    expect(await refusal(edit(committer, ids, brane, [rename(group, 'x')]))).toBe('brane.not_found');
    expect(await committer.reap(brane.id, '9', 10)).toBe(0);
    expect(await committer.purge(brane.id, 3)).toBe(true);
    const other = await makeBrane(committer, ids);
    expect(await refusal(edit(committer, ids, other, [newBlock(group, other.root)]))).toBe('id.taken');
  });

  it('shows a log that is being purged to nobody: the floors rise before the entries go (R3)', async () => {
    const { committer, store, ids, administer, environment } = setUp();
    const brane = await makeBrane(committer, ids);
    await administer(brane, [{ op: 'set_status', status: 'deleted' }]);
    environment.jump(PURGE_AFTER_MS + 2 * HOUR_MS);
    await committer.purge(brane.id, 1);
    expect((await readLog(store, brane.id, { after: 0, limit: 10 })).kind).toBe('gone');
    await committer.purge(brane.id, 1);
    const head = await readHead(store, brane.id);
    expect(head?.log_floor).toBe((head?.seq ?? 0) + 1);
    expect((await storedLog(store, brane.id)).length).toBeGreaterThan(0);
  });
});
