import { createCommitter, type RegionPlace } from '@state-server/commit';
import {
  type ObjectId,
  asBraneId,
  asObjectId,
  asOpId,
  asUserId,
  asPrototypeId,
  type UserId,
} from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { StateError } from '@state-server/protocol';
import { createFakeEnvironment } from '@state-server/testing';
import { getEntities, getEntity } from './get-entity';
import { listRegion } from './list-region';
import { fromKey, toKey } from './region-cursor';

const coded = (code: string): unknown => expect.objectContaining({ code });

describe('whatever has an id', () => {
  const environment = createFakeEnvironment();
  const { ids } = environment;
  const store = createMemoryStore({ environment });
  const committer = createCommitter({ store, environment, publish: () => undefined, writerId: 'spec' });
  const owner = asUserId(ids.uuid());
  const stranger = asUserId(ids.uuid());
  const braneId = asBraneId(ids.uuid());
  const objectId = asObjectId(ids.uuid());

  beforeAll(async () => {
    const actor = { kind: 'user', user_id: owner } as const;
    const at = new Date(environment.clock.now()).toISOString();
    await store.transact({ label: 'spec' }, async (tx) =>
      tx.put('users', {
        id: owner,
        name: 'Ada',
        email: 'a@b',
        roles: ['user'],
        version: 1,
        created_at: at,
        updated_at: at,
      }),
    );
    await committer.createBrane(actor, {
      id: braneId,
      op_id: asOpId(ids.uuid()),
      name: 'b',
      visibility: 'private',
    });
    await committer.edit({
      brane_id: braneId,
      actor,
      op_id: asOpId(ids.uuid()),
      ops: [{ op: 'create', object: { id: objectId, kind: 'block', parent_id: braneId } }],
    });
  });

  it('is a brane, an object or a user', async () => {
    expect(await getEntity({ store }, { id: braneId, user_id: owner, demand: 'latest' })).toMatchObject({
      kind: 'brane',
      role: 'owner',
    });
    expect(await getEntity({ store }, { id: objectId, user_id: owner, demand: 'latest' })).toMatchObject({
      kind: 'object',
      object: { id: objectId, kind: 'block' },
    });
    const user = await getEntity({ store }, { id: asObjectId(owner), user_id: stranger, demand: 'latest' });
    expect(user).toMatchObject({ kind: 'user', user: { name: 'Ada' } });
  });

  it('is a prototype that may be seen: public, or one’s own, and not deleted (SPACE-7)', async () => {
    const at = new Date(environment.clock.now()).toISOString();
    const put = async (changes: { is_public: boolean; is_deleted?: boolean }): Promise<ObjectId> => {
      const id = ids.uuid();
      await store.transact({ label: 'spec' }, async (tx) =>
        tx.put('prototypes', {
          ...{ id: asPrototypeId(id), owner_id: owner, kind: 'single', name: 'lamp', tags: [], version: 1 },
          ...{ is_deprecated: false, is_deleted: false, created_at: at, updated_at: at, ...changes },
        }),
      );
      return asObjectId(id);
    };
    const [open, own] = [await put({ is_public: true }), await put({ is_public: false })];
    const gone = await put({ is_public: true, is_deleted: true });
    const kinds = async (user: UserId) =>
      (await getEntities(store, user, [open, own, gone])).map((entity) => entity?.kind);
    expect(await kinds(owner)).toEqual(['prototype', 'prototype', undefined]);
    expect(await kinds(stranger)).toEqual(['prototype', undefined, undefined]);
    expect(await getEntity({ store }, { id: open, user_id: stranger, demand: 'latest' })).toMatchObject({
      kind: 'prototype',
      prototype: { name: 'lamp' },
    });
  });

  it('is not found by whoever may not see it, like what is not there', async () => {
    const refused = (id: ObjectId): Promise<void> =>
      expect(getEntity({ store }, { id, user_id: stranger, demand: 'latest' })).rejects.toEqual(
        coded('object.not_found'),
      );
    await refused(braneId);
    await refused(objectId);
    await refused(asObjectId(ids.uuid()));
  });

  it('is not found any more once it is deleted', async () => {
    await committer.edit({
      brane_id: braneId,
      actor: { kind: 'user', user_id: owner },
      op_id: asOpId(ids.uuid()),
      ops: [{ op: 'delete', id: objectId }],
    });
    await expect(getEntity({ store }, { id: objectId, user_id: owner, demand: 'latest' })).rejects.toEqual(
      coded('object.not_found'),
    );
  });

  it('is found together with others, from one snapshot, each judged by itself (SPACE-7)', async () => {
    const block = asObjectId(ids.uuid());
    await committer.edit({
      brane_id: braneId,
      actor: { kind: 'user', user_id: owner },
      op_id: asOpId(ids.uuid()),
      ops: [{ op: 'create', object: { id: block, kind: 'block', parent_id: braneId } }],
    });
    const asked = [block, asObjectId(owner), braneId, asObjectId(ids.uuid()), objectId, block];
    const kinds = async (userId: typeof owner): Promise<(string | undefined)[]> =>
      (await getEntities(store, userId, asked)).map((entity) => entity?.kind);
    expect(await kinds(owner)).toEqual(['object', 'user', 'brane', undefined, undefined, 'object']);
    expect(await kinds(stranger)).toEqual([undefined, 'user', undefined, undefined, undefined, undefined]);
  });

  it('is listed by region for whoever may see the brane (SPACE-1, SPACE-7)', async () => {
    const input = { brane_id: braneId, limit: 50, with_ancestors: true } as const;
    const region = { min: [0, 0, 0], max: [1, 1, 1] } as const;
    const { cells, ancestors } = await listRegion(store, owner, { ...input, region });
    expect(cells.map(({ key, items }) => [key, items.length])).toEqual([[[0, 0, 0, 0], 2]]);
    expect(ancestors).toEqual([]);
    await expect(listRegion(store, stranger, { ...input, region })).rejects.toEqual(coded('brane.not_found'));
    const insideOut = { min: [0, 0, 0], max: [1, -1, 1] } as const;
    await expect(listRegion(store, owner, { ...input, region: insideOut })).rejects.toEqual(
      coded('query.invalid'),
    );
  });

  it('has cursors that only this list can have made', () => {
    const places: RegionPlace[] = [
      { in: 'group', root: braneId, id: objectId },
      { in: 'index', after: undefined },
      { in: 'index', after: { level: 3, x: -1, y: 0, z: 2 ** 31 - 1, id: objectId } },
    ];
    for (const place of places) expect(fromKey(toKey(place))).toEqual(place);
    const forged = [
      ['index', 0, 0, 0, 'NaN', objectId],
      ['index', 'x', 0, 0, '1', objectId],
      ['group', 0, 0, 0, '', ''],
      [0, 0, 0, 0, 0, 0],
    ];
    for (const key of forged) expect(() => fromKey(key)).toThrow(StateError);
  });
});
