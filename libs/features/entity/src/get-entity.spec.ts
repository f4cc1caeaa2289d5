import { createCommitter } from '@state-server/commit';
import { type ObjectId, asBraneId, asObjectId, asOpId, asUserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import { getEntity } from './get-entity';

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
    expect(await getEntity(store, owner, braneId)).toMatchObject({ kind: 'brane', role: 'owner' });
    expect(await getEntity(store, owner, objectId)).toMatchObject({
      kind: 'object',
      view: { object: { id: objectId, kind: 'block' } },
    });
    const user = await getEntity(store, stranger, asObjectId(owner));
    expect(user).toMatchObject({ kind: 'user', user: { name: 'Ada' } });
  });

  it('is not found by whoever may not see it, like what is not there', async () => {
    const refused = (id: ObjectId): Promise<void> =>
      expect(getEntity(store, stranger, id)).rejects.toEqual(coded('object.not_found'));
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
    await expect(getEntity(store, owner, objectId)).rejects.toEqual(coded('object.not_found'));
  });
});
