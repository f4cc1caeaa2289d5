import {
  checkBrane,
  createCommitter,
  OPERATION_LEASE_MS,
  operationKinds,
  readBrane,
  readOperation,
  workOperation,
} from '@state-server/commit';
import {
  asBraneId,
  asObjectId,
  asOpId,
  asUserId,
  type BraneId,
  type ClientOp,
  type ObjectId,
} from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { demoteKind } from './demote.operation';
import { demoteObject } from './demote-object';

const coded = (code: string): unknown => expect.objectContaining({ code });

/** A town with a link to a house of three rooms; the first has a chair. */
async function setUp() {
  const environment = createFakeEnvironment();
  const { ids } = environment;
  const store = createMemoryStore({ environment });
  const committer = createCommitter({ store, environment, publish: () => undefined, writerId: 'spec' });
  const newOp = () => asOpId(ids.uuid());
  const newId = () => asObjectId(ids.uuid());
  const [owner, other] = [asUserId(ids.uuid()), asUserId(ids.uuid())];
  const actor = { kind: 'user', user_id: owner } as const;
  const [town, house] = [asBraneId(ids.uuid()), asBraneId(ids.uuid())];
  for (const id of [town, house])
    await committer.createBrane(actor, { id, op_id: newOp(), name: 'b', visibility: 'private' });
  const edit = (brane_id: BraneId, ...ops: ClientOp[]) =>
    committer.edit({ brane_id, actor, op_id: newOp(), ops });
  const rooms = [newId(), newId(), newId()];
  const [link, after, chair] = [newId(), newId(), newId()];
  await edit(
    town,
    { op: 'create', object: { kind: 'group', id: link, parent_id: town, name: 'home', link: house } },
    { op: 'create', object: { kind: 'group', id: after, parent_id: town } },
  );
  await edit(
    house,
    ...rooms.map((id): ClientOp => ({ op: 'create', object: { kind: 'group', id, parent_id: house } })),
  );
  await edit(
    house,
    { op: 'create', object: { kind: 'block', id: chair, parent_id: rooms[0] ?? house } },
    { op: 'update', id: house, set: { '/properties/color': 'red' } },
  );
  const ask = (fields: object = {}) =>
    demoteObject({ store, environment }, { user_id: owner, op_id: newOp(), id: link, ...fields });
  const work = (id: string, through: Store = store) => {
    const own = createCommitter({
      store: through,
      environment,
      publish: () => undefined,
      writerId: ids.uuid(),
    });
    const kinds = operationKinds([demoteKind({ store: through, committer: own })]);
    return workOperation({ store: through, environment, kinds, runner: ids.uuid() }, id);
  };
  const children = (braneId: BraneId, parent: ObjectId) =>
    store.read({ label: 'test' }, async (tx) => {
      const docs = await tx.range('objects', { index: 'by_parent', prefix: [braneId, parent], limit: 100 });
      return docs.filter(({ deleted_at }) => deleted_at === undefined).map(({ object }) => object);
    });
  const sound = async () => {
    for (const id of [town, house]) {
      const faults: string[] = [];
      await checkBrane(store, id, { onFault: ({ record, message }) => faults.push(`${record}: ${message}`) });
      expect(faults).toEqual([]);
    }
  };
  return {
    environment,
    store,
    committer,
    actor,
    newOp,
    newId,
    owner,
    other,
    town,
    house,
    edit,
    rooms,
    link,
    after,
    chair,
    ask,
    work,
    children,
    sound,
  };
}

type World = Awaited<ReturnType<typeof setUp>>;

async function assertDemoted({
  store,
  town,
  house,
  rooms,
  after,
  chair,
  children,
  sound,
}: World): Promise<void> {
  const [group, next] = await children(town, town);
  expect(group).toMatchObject({ name: 'home', kind: 'group', properties: { color: 'red' } });
  expect(group).not.toHaveProperty('link');
  expect(next?.id).toBe(after);
  if (!group) throw new Error('no group');
  expect((await children(town, group.id)).map(({ id }) => id)).toEqual(rooms);
  expect((await children(town, rooms[0] ?? group.id)).map(({ id }) => id)).toEqual([chair]);
  expect(await children(house, house)).toEqual([]);
  expect((await readBrane(store, house))?.meta.status).toBe('deleted');
  await sound();
}

/** The same store, with something around each of its writing transactions. */
function around(store: Store, transact: Store['transact']): Store {
  return {
    kind: store.kind,
    read: (options, body) => store.read(options, body),
    transact,
    check: () => store.check(),
    close: () => Promise.resolve(),
  };
}

/** The store of a process that dies at its n-th write, before or after that is committed. */
function mortal(
  store: Store,
  writes: number,
  when: 'before' | 'after',
): { store: Store; dead: () => boolean } {
  let count = 0;
  let dead = false;
  const die = (): never => {
    dead = true;
    throw new Error('dead');
  };
  const dying = around(store, async (options, body) => {
    if (dead) die();
    count += 1;
    if (count !== writes) return store.transact(options, body);
    if (when === 'after') await store.transact(options, body);
    return die();
  });
  return { store: dying, dead: () => dead };
}

describe('a brane that becomes a group again', () => {
  it('stands where its link stood, with all it held, ids kept; the brane is deleted (S3, S7, OBJ-10)', async () => {
    const world = await setUp();
    const { ask, work, store, committer, actor, town, newOp } = world;
    const { operation } = await ask();
    expect(operation).toMatchObject({ kind: 'object.demote', state: 'running', brane_id: town });
    expect(await work(operation.id)).toBe('ended');
    expect(await readOperation(store, operation.id)).toMatchObject({
      state: 'succeeded',
      result: { moved: 3 },
    });
    await assertDemoted(world);
    // None of its steps is an edit of his that he could undo by itself: the latest is the link that he had made.
    await expect(
      committer.undo({ brane_id: town, actor, op_id: newOp(), target_op_id: asOpId(operation.id) }),
    ).rejects.toEqual(coded('undo.not_found'));
    const log = await store.read({ label: 'test' }, (tx) =>
      tx.range('log', { prefix: [town], gt: [2], limit: 100 }),
    );
    expect(log.map(({ kind, operation_id }) => [kind, operation_id])).toEqual(
      log.map(() => ['system', operation.id]),
    );
  });

  it('comes to the same wherever the process is killed (S3, I1, OBJ-10)', async () => {
    let killed = 0;
    for (const when of ['before', 'after'] as const) {
      for (let writes = 1; ; writes += 1) {
        const world = await setUp();
        const { operation } = await world.ask();
        const dying = mortal(world.store, writes, when);
        await world.work(operation.id, dying.store).catch(() => undefined);
        if (!dying.dead()) break;
        killed += 1;
        await world.environment.advance(OPERATION_LEASE_MS + 1);
        await world.work(operation.id);
        await assertDemoted(world);
      }
    }
    // Taken up, the group, three rooms, the deletion, the link: each before and after.
    expect(killed).toBeGreaterThanOrEqual(14);
  });

  it('takes along what comes into it meanwhile, and leaves nothing behind (S3, OBJ-10)', async () => {
    const world = await setUp();
    const { ask, work, store, edit, house, town, newId, children } = world;
    const late = newId();
    let left = 1;
    // Just before its deletion, when it is empty already.
    const watching = around(store, async (options, body) => {
      if (left > 0 && options.label === 'commit.group' && (await children(house, house)).length === 0) {
        left -= 1;
        await edit(house, { op: 'create', object: { kind: 'group', id: late, parent_id: house } });
      }
      return store.transact(options, body);
    });
    const { operation } = await ask();
    expect(await work(operation.id, watching)).toBe('ended');
    expect(left).toBe(0);
    const [group] = await children(town, town);
    expect((await children(town, group?.id ?? late)).map(({ id }) => id)).toContain(late);
    expect((await readBrane(store, house))?.meta.status).toBe('deleted');
    await world.sound();
  });

  it('is asked for by who may edit here and delete there, of a link, and of what can be moved (L6, OBJ-10)', async () => {
    const world = await setUp();
    const { ask, other, committer, actor, town, house, newOp, after, edit, newId, rooms } = world;
    await expect(ask({ user_id: other })).rejects.toEqual(coded('object.not_found'));
    const set = (brane_id: BraneId, role: 'editor' | 'owner') =>
      committer.administer({
        brane_id,
        actor,
        op_id: newOp(),
        ops: [{ op: 'set_member', user_id: other, role }],
      });
    await set(town, 'editor');
    await expect(ask({ user_id: other })).rejects.toEqual(coded('brane.not_found'));
    await set(house, 'editor');
    await expect(ask({ user_id: other })).rejects.toEqual(coded('permission.denied'));
    await expect(ask({ id: after })).rejects.toEqual(coded('object.not_a_link'));
    const many = Array.from({ length: 400 }, (): ClientOp => ({
      op: 'create',
      object: { kind: 'block', id: newId(), parent_id: rooms[1] ?? house },
    }));
    for (let at = 0; at < many.length; at += 100) await edit(house, ...many.slice(at, at + 100));
    await expect(ask()).rejects.toMatchObject({ code: 'object.too_many_to_move', details: { id: rooms[1] } });
    await set(house, 'owner');
    await world.sound();
  });
});
