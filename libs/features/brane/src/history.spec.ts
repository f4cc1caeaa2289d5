import { type Committer, createCommitter } from '@state-server/commit';
import { type ClientOp, type UserId, asObjectId, asOpId, asUserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import { createBrane } from './create-brane';
import { getSnapshot } from './get-snapshot';
import { type ListHistory, listHistory } from './list-history';

async function setUp() {
  const environment = createFakeEnvironment();
  const soon = {
    ...environment,
    timers: { ...environment.timers, set: (_ms: number, task: () => void) => setImmediate(task) },
  };
  const store = createMemoryStore({ environment });
  const committer: Committer = createCommitter({
    ...{ store, environment },
    publish: () => undefined,
    writerId: 'spec',
  });
  const opId = () => asOpId(environment.ids.uuid());
  const [owner, editor] = [asUserId(environment.ids.uuid()), asUserId(environment.ids.uuid())];
  const at = new Date(environment.clock.now()).toISOString();
  await store.transact({ label: 'spec' }, async (tx) => {
    const user = { name: 'Ada', roles: ['user' as const], version: 1, created_at: at, updated_at: at };
    for (const one of [owner, editor]) tx.put('users', { id: one, ...user });
  });
  const by = (user_id: UserId) => ({ user_id, op_id: opId() });
  const id = environment.ids.uuid() as never;
  const deps = { store, committer };
  await createBrane(deps, { ...by(owner), id, name: 'town', visibility: 'private' });
  await committer.administer({
    brane_id: id,
    actor: { kind: 'user', user_id: owner },
    op_id: opId(),
    ops: [{ op: 'set_member', user_id: editor, role: 'editor' }],
  });
  const edit = async (user_id: UserId, ...ops: ClientOp[]): Promise<number> => {
    environment.jump(60_000);
    const actor = { kind: 'user', user_id } as const;
    return (await committer.edit({ brane_id: id, actor, op_id: opId(), ops })).seq;
  };
  const create = (name: string) => {
    const object = { kind: 'block', id: asObjectId(environment.ids.uuid()), parent_id: id, name } as const;
    return { id: object.id, op: { op: 'create', object } as const };
  };
  const history = async (asked: Partial<ListHistory> = {}) => {
    const page = await listHistory(store, { user_id: owner, brane_id: id, after: 0, limit: 50, ...asked });
    return page.entries.map(({ seq }) => seq);
  };
  return { environment, soon, store, committer, owner, editor, id, edit, create, history };
}

describe('the history of a brane', () => {
  it('is told by actor, by object, by time and from its end (HIST-7)', async () => {
    const { environment, owner, editor, edit, create, history } = await setUp();
    const [a, b] = [create('a'), create('b')];
    const made = await edit(owner, a.op, b.op);
    const from = new Date(environment.clock.now() + 1).toISOString();
    const named = await edit(editor, { op: 'update', id: a.id, set: { '/name': 'x' } });
    const until = new Date(environment.clock.now()).toISOString();
    const gone = await edit(owner, { op: 'delete', id: b.id });
    expect(await history({ object: a.id })).toEqual([made, named]);
    expect(await history({ object: b.id, order: 'desc' })).toEqual([gone, made]);
    expect(await history({ actor: editor })).toEqual([named]);
    expect(await history({ since: from, until })).toEqual([named]);
    expect(await history({ since: from })).toEqual([named, gone]);
    expect(await history({ until: '2000-01-01T00:00:00.000Z' })).toEqual([]);
    expect(await history({ since: '2099-01-01T00:00:00.000Z' })).toEqual([]);
    expect(await history({ order: 'desc', limit: 2 })).toEqual([gone, named]);
    expect(await history({ order: 'desc', before: named })).toEqual(
      Array.from({ length: made }, (_, index) => made - index),
    );
  });

  it('is told in pages that look at a bounded part of the log each, and in the end at all of it (HIST-7)', async () => {
    const { owner, editor, id, store, committer, environment, edit, create } = await setUp();
    const a = create('a');
    const first = await edit(owner, a.op);
    const actor = { kind: 'user', user_id: owner } as const;
    await Promise.all(
      Array.from({ length: 2_300 }, (_, index) =>
        committer.edit({
          brane_id: id,
          actor,
          op_id: asOpId(environment.ids.uuid()),
          ops: [{ op: 'update', id, set: { '/name': `${index}` } }],
        }),
      ),
    );
    const last = await edit(editor, { op: 'delete', id: a.id });
    const found: number[] = [];
    let pages = 0;
    for (let after: number | undefined = 0; after !== undefined; pages += 1) {
      const asked: ListHistory = { user_id: owner, brane_id: id, after, limit: 50, object: a.id };
      const page = await listHistory(store, asked);
      found.push(...page.entries.map(({ seq }) => seq));
      after = page.next;
    }
    expect(found).toEqual([first, last]);
    expect(pages).toBe(2);
  });
});

describe('the snapshot of a brane as it was', () => {
  it('is that of a seq, or of the last entry at or before a time (HIST-5)', async () => {
    const { environment, soon, store, owner, id, edit, create } = await setUp();
    const a = create('a');
    const made = await edit(owner, a.op);
    const time = new Date(environment.clock.now() + 30_000).toISOString();
    const gone = await edit(owner, { op: 'delete', id: a.id });
    const at = async (point: number | string) => {
      const deps = { store, environment: soon };
      const { snapshot, head } = await getSnapshot(deps, { user_id: owner, brane_id: id, at: point });
      expect(head.seq).toBe(gone);
      return [snapshot.head.seq, snapshot.objects.find((object) => object.id === a.id)?.deleted_at];
    };
    expect(await at(made - 1)).toEqual([made - 1, undefined]);
    expect(await at(made)).toEqual([made, undefined]);
    expect(await at(time)).toEqual([made, undefined]);
    expect(await at(gone)).toEqual([gone, expect.any(String)]);
    await expect(at(gone + 1)).rejects.toMatchObject({ code: 'history.ahead' });
    await expect(at('2000-01-01T00:00:00.000Z')).rejects.toMatchObject({ code: 'history.too_old' });
    const stranger = { user_id: asUserId(environment.ids.uuid()), brane_id: id, at: made };
    await expect(getSnapshot({ store, environment: soon }, stranger)).rejects.toMatchObject({
      code: 'brane.not_found',
    });
  });
});
