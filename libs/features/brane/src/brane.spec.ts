import { authoriseInBrane, type Committer, createCommitter } from '@state-server/commit';
import {
  type BraneId,
  type OpId,
  type UserId,
  asBraneId,
  asObjectId,
  asOpId,
  asUserId,
} from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { realEnvironment as environment } from '@state-server/platform';
import { createBrane } from './create-brane';
import { deleteBrane } from './delete-brane';
import { editBrane } from './edit-brane';
import { findBrane } from './find-brane';
import { getSnapshot } from './get-snapshot';
import { type BranePage, listBranes } from './list-branes';
import { type History, listHistory } from './list-history';
import { getMember, listMembers } from './list-members';
import { removeMember } from './remove-member';
import { setMember } from './set-member';
import { redoEdit, undoEdit } from './undo-edit';
import { updateBrane } from './update-brane';

const newOp = (): OpId => asOpId(crypto.randomUUID());
const newBraneId = (): BraneId => asBraneId(crypto.randomUUID());
const coded = (code: string): unknown => expect.objectContaining({ code });

let store: Store;
let committer: Committer;
const owner = asUserId(crypto.randomUUID());
const editor = asUserId(crypto.randomUUID());
const viewer = asUserId(crypto.randomUUID());
const stranger = asUserId(crypto.randomUUID());

beforeEach(async () => {
  store = createMemoryStore({ environment });
  committer = createCommitter({ store, environment, publish: () => undefined, writerId: 'spec' });
  await store.transact({ label: 'spec' }, async (tx) => {
    for (const [id, name] of [
      [owner, 'Olga'],
      [editor, 'Ed'],
      [viewer, 'Vi'],
      [stranger, 'Sam'],
    ] as const) {
      const at = new Date(0).toISOString();
      tx.put('users', { id, name, roles: ['user'], version: 1, created_at: at, updated_at: at });
    }
  });
});

afterEach(async () => {
  await committer.drain();
  await store.close();
});

const deps = (): { store: Store; committer: Committer } => ({ store, committer });
const by = (user_id: UserId): { user_id: UserId; op_id: OpId } => ({ user_id, op_id: newOp() });

async function makeBrane(name = 'town', visibility: 'private' | 'link' = 'private'): Promise<BraneId> {
  const { meta } = await createBrane(deps(), { ...by(owner), id: newBraneId(), name, visibility });
  return meta.id;
}

async function withMembers(): Promise<BraneId> {
  const id = await makeBrane();
  await setMember(deps(), { ...by(owner), brane_id: id, member_id: editor, role: 'editor' });
  await setMember(deps(), { ...by(owner), brane_id: id, member_id: viewer, role: 'viewer' });
  return id;
}

const createGroup = (brane_id: BraneId, user_id = owner): Parameters<typeof editBrane>[1] => ({
  ...by(user_id),
  brane_id,
  ops: [{ op: 'create', object: { kind: 'group', parent_id: brane_id, name: 'street' } }],
});

describe('a brane', () => {
  it('is made with its owner, and found by him', async () => {
    const id = await makeBrane();
    const found = await findBrane(store, owner, id);
    expect(found).toMatchObject({ role: 'owner', version: 1, meta: { id, name: 'town', status: 'live' } });
    expect(found.head).toMatchObject({ seq: 1, objects: 1 });
  });

  it('is not made under an id that is taken (I6), and once for one op id (I1)', async () => {
    const input = { ...by(owner), id: newBraneId(), name: 'town', visibility: 'private' } as const;
    const first = await createBrane(deps(), input);
    expect(await createBrane(deps(), input)).toEqual({ ...first, replayed: true });
    await expect(createBrane(deps(), { ...input, op_id: newOp() })).rejects.toEqual(coded('id.taken'));
  });

  it('is unknown to strangers, unless it may be seen by link', async () => {
    const hidden = await makeBrane();
    const linked = await makeBrane('park', 'link');
    await expect(findBrane(store, stranger, hidden)).rejects.toEqual(coded('brane.not_found'));
    expect((await findBrane(store, stranger, linked)).role).toBe('guest');
    await expect(findBrane(store, owner, newBraneId())).rejects.toEqual(coded('brane.not_found'));
  });

  it('is changed by its owners alone, and only from the version that they name', async () => {
    const id = await withMembers();
    const { version } = await findBrane(store, owner, id);
    const change = { brane_id: id, name: 'city' };
    const changed = await updateBrane(deps(), { ...by(owner), ...change, if_versions: [version] });
    expect(changed.brane).toMatchObject({ version: version + 1, meta: { name: 'city' } });
    expect(changed.brane.head.seq).toBe(changed.position.seq);
    await expect(updateBrane(deps(), { ...by(owner), ...change, if_versions: [version] })).rejects.toEqual(
      coded('precondition.failed'),
    );
    await expect(updateBrane(deps(), { ...by(editor), ...change })).rejects.toEqual(
      coded('permission.denied'),
    );
    await expect(updateBrane(deps(), { ...by(stranger), ...change })).rejects.toEqual(
      coded('brane.not_found'),
    );
  });

  it('says that it was deleted to its members alone (L7)', async () => {
    const id = await withMembers();
    await expect(deleteBrane(deps(), { ...by(editor), brane_id: id })).rejects.toEqual(
      coded('permission.denied'),
    );
    const { brane } = await deleteBrane(deps(), { ...by(owner), brane_id: id });
    expect(brane.meta.status).toBe('deleted');
    expect(brane.meta.purge_after).toBeDefined();
    await expect(findBrane(store, viewer, id)).rejects.toEqual(coded('brane.deleted'));
    await expect(findBrane(store, stranger, id)).rejects.toEqual(coded('brane.not_found'));
    await expect(editBrane(committer, createGroup(id))).rejects.toEqual(coded('brane.deleted'));
    await expect(authoriseInBrane(store, owner, id, 'brane.delete')).resolves.toBeUndefined();
  });

  it('is listed for its members, page by page, while it lives', async () => {
    const ids = [await makeBrane('a'), await makeBrane('b'), await makeBrane('c'), await makeBrane('d')];
    const [first] = ids;
    if (first) await deleteBrane(deps(), { ...by(owner), brane_id: first });
    const seen: string[] = [];
    let after: BranePage['next'];
    do {
      const page: BranePage = await listBranes(store, { user_id: owner, limit: 2, ...(after && { after }) });
      seen.push(...page.items.map(({ brane }) => brane.id));
      after = page.next;
    } while (after);
    expect(seen).toEqual(ids.slice(1).sort());
    expect((await listBranes(store, { user_id: stranger, limit: 2 })).items).toEqual([]);
  });
});

describe('the members of a brane', () => {
  it('are named, page by page, to whoever sees the brane', async () => {
    const id = await withMembers();
    const members = await listMembers(store, { user_id: viewer, brane_id: id, limit: 10 });
    expect(members.map(({ name, role }) => `${name} ${role}`).sort()).toEqual([
      'Ed editor',
      'Olga owner',
      'Vi viewer',
    ]);
    const [first] = members;
    const rest = await listMembers(store, {
      user_id: viewer,
      brane_id: id,
      limit: 1,
      ...(first && { after: first.user_id }),
    });
    expect(rest).toEqual(members.slice(1));
    expect(await getMember(store, { user_id: owner, brane_id: id, member_id: editor })).toMatchObject({
      name: 'Ed',
      role: 'editor',
    });
    await expect(getMember(store, { user_id: owner, brane_id: id, member_id: stranger })).rejects.toEqual(
      coded('member.unknown'),
    );
    await expect(listMembers(store, { user_id: stranger, brane_id: id, limit: 1 })).rejects.toEqual(
      coded('brane.not_found'),
    );
  });

  it('are appointed by owners alone, and only out of users that there are (L6)', async () => {
    const id = await withMembers();
    const appoint = (actor: UserId, member_id: UserId): ReturnType<typeof setMember> =>
      setMember(deps(), { ...by(actor), brane_id: id, member_id, role: 'editor' });
    await expect(appoint(editor, stranger)).rejects.toEqual(coded('permission.denied'));
    await expect(appoint(owner, asUserId(crypto.randomUUID()))).rejects.toEqual(coded('user.not_found'));
    expect((await appoint(owner, viewer)).member.role).toBe('editor');
  });

  it('leave by themselves, are put out by owners, and leave no brane without one', async () => {
    const id = await withMembers();
    const remove = (actor: UserId, member_id: UserId): ReturnType<typeof removeMember> =>
      removeMember(deps(), { ...by(actor), brane_id: id, member_id });
    await expect(remove(editor, viewer)).rejects.toEqual(coded('permission.denied'));
    await expect(remove(owner, owner)).rejects.toEqual(coded('member.last_owner'));
    await expect(remove(owner, stranger)).rejects.toEqual(coded('member.unknown'));
    await remove(editor, editor);
    await expect(findBrane(store, editor, id)).rejects.toEqual(coded('brane.not_found'));
    await remove(owner, viewer);
    expect(await listMembers(store, { user_id: owner, brane_id: id, limit: 9 })).toHaveLength(1);
  });
});

describe('the log of a brane', () => {
  it('takes edits, gives them back, and tells its history', async () => {
    const id = await makeBrane();
    const edit = createGroup(id);
    const done = await editBrane(committer, edit);
    const undone = await undoEdit(committer, { ...by(owner), brane_id: id, target_op_id: edit.op_id });
    const again = await redoEdit(committer, { ...by(owner), brane_id: id });
    expect([done.seq, undone.seq, again.seq]).toEqual([2, 3, 4]);
    const history = await listHistory(store, { user_id: owner, brane_id: id, after: 1, limit: 10 });
    expect(history.entries.map(({ seq, kind, actor }) => [seq, kind, actor])).toEqual([
      [2, 'edit', owner],
      [3, 'undo', owner],
      [4, 'redo', owner],
    ]);
    expect(history.entries[0]?.ops).toMatchObject([{ op: 'create', object: { name: 'street' } }]);
    expect(history.next).toBeUndefined();
  });

  it('is told page by page', async () => {
    const id = await makeBrane();
    for (let count = 0; count < 4; count += 1) await editBrane(committer, createGroup(id));
    const seqs: number[] = [];
    for (let after: number | undefined = 0; after !== undefined;) {
      const page: History = await listHistory(store, { user_id: owner, brane_id: id, after, limit: 2 });
      seqs.push(...page.entries.map((entry) => entry.seq));
      after = page.next;
    }
    expect(seqs).toEqual([1, 2, 3, 4, 5]);
  });

  it('takes edits from editors, not from viewers or strangers', async () => {
    const id = await withMembers();
    await editBrane(committer, createGroup(id, editor));
    await expect(editBrane(committer, createGroup(id, viewer))).rejects.toEqual(coded('permission.denied'));
    await expect(editBrane(committer, createGroup(id, stranger))).rejects.toEqual(coded('brane.not_found'));
  });
});

describe('the snapshot of a brane', () => {
  it('holds every object at the head', async () => {
    const id = await makeBrane();
    await editBrane(committer, createGroup(id));
    const { snapshot, head } = await getSnapshot({ store, environment }, { user_id: owner, brane_id: id });
    expect(head).toEqual(snapshot.head);
    expect(snapshot.head.seq).toBe(2);
    expect(snapshot.objects.map(({ name }) => name).sort()).toEqual(['street', 'town']);
    expect(snapshot.objects.map((object) => object.id)).toContain(asObjectId(id));
    await expect(getSnapshot({ store, environment }, { user_id: stranger, brane_id: id })).rejects.toEqual(
      coded('brane.not_found'),
    );
  });
});
