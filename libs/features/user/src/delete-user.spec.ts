import { OPERATION_LEASE_MS, readOperation } from '@state-server/commit';
import { asBraneId, asOpId, type PrototypeId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { deleteUser } from './delete-user';
import { assertSound, createWorld, entries, metaOf, mortal } from './delete-user.spec-support';
import { pinPrototype } from './inventory';

const coded = (code: string): unknown => expect.objectContaining({ code });

describe('the deletion of a user', () => {
  it('leaves nothing of him but his id, at once (USER-7, USER-8, F1)', async () => {
    const world = createWorld();
    const { store } = world;
    const [ada, bob] = [await world.user(), await world.user()];
    const prototypes = {
      public: await world.prototype(ada, true),
      private: await world.prototype(ada, false),
      other: await world.prototype(bob, true),
    };
    await pinPrototype(world, { user_id: ada, prototype_id: prototypes.other, source: 'pinned' });
    const announced: string[] = [];
    const ids = { op_id: asOpId(world.environment.ids.uuid()), operation_id: world.environment.ids.uuid() };
    const announce = ({ kind }: { kind: string }) => announced.push(kind);
    const { operation } = await deleteUser(
      { ...world, announce },
      { user_id: ada, if_versions: [1], ...ids },
    );
    expect(announced.sort()).toEqual(['session', 'user']);
    await store.read({ label: 'spec' }, async (tx) => {
      const at = operation.created_at;
      expect(await tx.get('users', [ada])).toEqual({
        ...{ id: ada, name: '', roles: [], version: 2 },
        ...{ created_at: at, updated_at: at, deleted_at: at },
      });
      const all = { prefix: [], limit: 10 };
      expect((await tx.range('identities', all)).map(({ user_id }) => user_id)).toEqual([bob]);
      expect((await tx.range('sessions', all)).map(({ user_id }) => user_id)).toEqual([bob]);
      expect(await tx.get('revocations', ['user', ada])).toMatchObject({ not_before: at });
    });
    await world.work(operation.id);
    expect(await readOperation(store, operation.id)).toMatchObject({
      state: 'succeeded',
      progress: { done: 0 },
    });
    await store.read({ label: 'spec' }, async (tx) => {
      expect(await tx.range('inventory', { prefix: [ada], limit: 10 })).toEqual([]);
      const of = async (id: PrototypeId) => tx.get('prototypes', [id]);
      expect(await of(prototypes.public)).toMatchObject({ owner_id: ada, is_deleted: false, version: 1 });
      const dropped = await of(prototypes.private);
      expect(dropped).toMatchObject({ owner_id: ada, is_deleted: true, version: 2 });
      expect(dropped).not.toHaveProperty('kept');
      expect(await of(prototypes.other)).toMatchObject({ is_deleted: false, version: 1 });
    });
  });

  it('happens at the version that he has seen, and once (USER-7)', async () => {
    const world = createWorld();
    const ada = await world.user();
    const ids = () => ({
      op_id: asOpId(world.environment.ids.uuid()),
      operation_id: world.environment.ids.uuid(),
    });
    const remove = (version: number) => deleteUser(world, { user_id: ada, if_versions: [version], ...ids() });
    await expect(remove(2)).rejects.toEqual(coded('precondition.failed'));
    await remove(1);
    await expect(remove(2)).rejects.toEqual(coded('user.not_found'));
  });

  it('takes the answers under his keys with it, but for its own (USER-7, I5)', async () => {
    const world = createWorld();
    const ada = await world.user();
    const at = '2026-01-01T00:00:00.000Z';
    await world.store.transact({ label: 'spec' }, async (tx) => {
      for (let i = 0; i < 450; i += 1) {
        const answer = {
          fingerprint: '',
          status: 200,
          headers: {},
          body: new Uint8Array(0),
          at,
          expires_at: at,
        };
        tx.put('idempotency_keys', { user_id: ada, key: `key-${String(i).padStart(3, '0')}`, ...answer });
      }
    });
    const ids = { op_id: asOpId(world.environment.ids.uuid()), operation_id: world.environment.ids.uuid() };
    const keep = 'key-100';
    const { operation } = await deleteUser(world, { user_id: ada, if_versions: [1], keep, ...ids });
    await world.work(operation.id);
    const left = await world.store.read({ label: 'spec' }, (tx) =>
      tx.range('idempotency_keys', { prefix: [ada], limit: 10 }),
    );
    expect(left.map(({ key }) => key)).toEqual(['key-100']);
  });

  it('hands shared branes on by entries of their logs, and deletes those where he was alone (USER-8, L6, L7)', async () => {
    const world = createWorld();
    const [ada, bob, eve, vi] = [
      await world.user(),
      await world.user(),
      await world.user(),
      await world.user(),
    ];
    const alone = await world.brane([ada, 'owner']);
    const shared = await world.brane([ada, 'owner'], [vi, 'viewer'], [eve, 'editor'], [bob, 'editor']);
    const owned = await world.brane([bob, 'owner'], [ada, 'editor']);
    const shown = await world.brane([ada, 'owner'], [vi, 'viewer']);
    const gone = await world.brane([ada, 'owner'], [bob, 'editor']);
    await world.committer.administer({
      brane_id: gone,
      actor: { kind: 'user', user_id: ada },
      op_id: asOpId(world.environment.ids.uuid()),
      ops: [{ op: 'set_status', status: 'deleted' }],
    });
    const id = await world.remove(ada);
    expect(await world.work(id)).toBe('ended');
    expect(await readOperation(world.store, id)).toMatchObject({
      state: 'succeeded',
      progress: { done: 5 },
      result: { branes: 5 },
    });
    expect(await metaOf(world, alone)).toMatchObject({ status: 'deleted', members: { [ada]: 'owner' } });
    expect((await metaOf(world, alone)).purge_after).toBeDefined();
    expect(await metaOf(world, shared)).toMatchObject({
      status: 'live',
      created_by: ada,
      members: { [eve]: 'owner', [bob]: 'editor', [vi]: 'viewer' },
    });
    expect((await metaOf(world, owned)).members).toEqual({ [bob]: 'owner' });
    const archived = await metaOf(world, shown);
    expect([archived.members, typeof archived.archived_at]).toEqual([{ [vi]: 'owner' }, 'string']);
    expect(await metaOf(world, gone)).toMatchObject({ status: 'deleted', members: { [bob]: 'owner' } });
    for (const brane of [alone, shared, owned, shown, gone]) await assertSound(world, brane);
  });

  it('hands nothing to whoever is gone himself (USER-8)', async () => {
    const world = createWorld();
    const [ada, bob, eve] = [await world.user(), await world.user(), await world.user()];
    const both = await world.brane([ada, 'owner'], [bob, 'owner']);
    const three = await world.brane([ada, 'owner'], [bob, 'editor'], [eve, 'viewer']);
    const operations = [await world.remove(ada), await world.remove(bob)];
    for (const id of operations) await world.work(id);
    expect((await metaOf(world, both)).status).toBe('deleted');
    expect((await metaOf(world, three)).members).toEqual({ [eve]: 'owner' });
  });

  it('looks again when a brane changes while it is handed on (USER-8)', async () => {
    const world = createWorld();
    const [ada, bob, eve] = [await world.user(), await world.user(), await world.user()];
    const brane = await world.brane([ada, 'owner'], [bob, 'editor'], [eve, 'editor']);
    const id = await world.remove(ada);
    let meddled = false;
    const meddling: Store = {
      kind: 'memory',
      transact: (options, callback) => world.store.transact(options, callback),
      read: async (options, callback) => {
        const found = await world.store.read(options, callback);
        if (options.label !== 'user.hand_over' || meddled) return found;
        meddled = true;
        // Bob leaves at this moment: the brane must not be handed to him, who would be in it again.
        await world.committer.administer({
          brane_id: brane,
          actor: { kind: 'user', user_id: bob },
          op_id: asOpId(world.environment.ids.uuid()),
          ops: [{ op: 'set_member', user_id: bob, role: null }],
        });
        return found;
      },
      check: () => world.store.check(),
      close: () => Promise.resolve(),
    };
    await world.work(id, meddling);
    expect(meddled).toBe(true);
    expect((await metaOf(world, brane)).members).toEqual({ [eve]: 'owner' });
  });

  it('goes on wherever its process was killed, and does nothing twice (USER-9, S3)', async () => {
    let killed = 0;
    for (const when of ['before', 'after'] as const) {
      for (let writes = 1; ; writes += 1) {
        const world = createWorld();
        const [ada, bob] = [await world.user(), await world.user()];
        const branes = [
          await world.brane([ada, 'owner']),
          await world.brane([ada, 'owner'], [bob, 'editor']),
          await world.brane([bob, 'owner'], [ada, 'viewer']),
        ];
        const before = await Promise.all(branes.map((id) => entries(world, id)));
        const id = await world.remove(ada);
        const store = mortal(world.store, writes, when);
        await world.work(id, store).catch(() => undefined);
        if (!store.dead) break;
        killed += 1;
        await world.environment.advance(OPERATION_LEASE_MS + 1);
        expect(await world.work(id)).toBe('ended');
        expect(await readOperation(world.store, id)).toMatchObject({
          state: 'succeeded',
          progress: { done: 3 },
        });
        const after = await Promise.all(branes.map((brane) => entries(world, brane)));
        expect(after).toEqual(before.map((count) => count + 1));
        for (const brane of branes) await assertSound(world, brane);
        expect((await metaOf(world, branes[1] ?? asBraneId(''))).members).toEqual({ [bob]: 'owner' });
      }
    }
    // Taking it up, the records, three branes, the end: before and after each.
    expect(killed).toBeGreaterThanOrEqual(12);
  });
});
