import { type Committer, createCommitter } from '@state-server/commit';
import {
  type BraneId,
  type NewObject,
  type ObjectId,
  type SceneObject,
  type UserId,
  asBraneId,
  asObjectId,
  asOpId,
  asUserId,
} from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { realEnvironment as environment } from '@state-server/platform';
import { translated } from '@state-server/testing';
import { createObject } from './create-object';
import { deleteObject } from './delete-object';
import { findObject } from './find-object';
import { listChildren } from './list-children';
import { moveObject } from './move-object';
import { updateObject } from './update-object';
import type { WrittenObject } from './written-object';

const newOp = (): ReturnType<typeof asOpId> => asOpId(crypto.randomUUID());
const newObjectId = (): ObjectId => asObjectId(crypto.randomUUID());
const coded = (code: string): unknown => expect.objectContaining({ code });

describe('objects', () => {
  const owner = asUserId(crypto.randomUUID());
  const viewer = asUserId(crypto.randomUUID());
  const stranger = asUserId(crypto.randomUUID());
  let store: Store;
  let committer: Committer;
  let braneId: BraneId;

  beforeEach(async () => {
    store = createMemoryStore({ environment });
    committer = createCommitter({ store, environment, publish: () => undefined, writerId: 'spec' });
    braneId = asBraneId(crypto.randomUUID());
    const actor = { kind: 'user', user_id: owner } as const;
    await committer.createBrane(actor, { id: braneId, op_id: newOp(), name: 'b', visibility: 'private' });
    await committer.administer({
      brane_id: braneId,
      actor,
      op_id: newOp(),
      ops: [{ op: 'set_member', user_id: viewer, role: 'viewer' }],
    });
  });

  afterEach(async () => {
    await committer.drain();
    await store.close();
  });

  const deps = (): { store: Store; committer: Committer } => ({ store, committer });
  const make = (fields: Partial<NewObject> = {}, user_id: UserId = owner): Promise<WrittenObject> =>
    createObject(deps(), {
      user_id,
      op_id: newOp(),
      brane_id: braneId,
      object: { kind: 'group', parent_id: braneId, id: newObjectId(), ...fields },
    });
  const write = (
    object: SceneObject,
  ): { user_id: UserId; op_id: ReturnType<typeof newOp>; id: ObjectId } => ({
    user_id: owner,
    op_id: newOp(),
    id: object.id,
  });

  it('are made, found and told with their place in the log', async () => {
    const { object, position, replayed } = await make({ name: 'house' });
    expect(object).toMatchObject({ name: 'house', version: 1, seq: position.seq, brane_id: braneId });
    expect(replayed).toBe(false);
    const found = await findObject(store, viewer, object.id);
    expect(found).toMatchObject({ object: { id: object.id }, role: 'viewer', position });
  });

  it('are made once for one op id; the answer is the same again (I1)', async () => {
    const input = {
      user_id: owner,
      op_id: newOp(),
      brane_id: braneId,
      object: { kind: 'block', parent_id: braneId, id: newObjectId() } as const,
    };
    const first = await createObject(deps(), input);
    const second = await createObject(deps(), input);
    expect(second).toEqual({ ...first, replayed: true });
  });

  it('take fields and the transform in one edit, tied to the version that was named', async () => {
    const { object } = await make();
    const changed = await updateObject(deps(), {
      ...write(object),
      set: { '/name': 'shed', '/properties/colour': 'red' },
      transform: translated(1, 2, 3),
      if_versions: [1],
    });
    expect(changed.object).toMatchObject({ name: 'shed', properties: { colour: 'red' }, version: 3 });
    expect(Array.from(changed.object.transform.slice(12, 15))).toEqual([1, 2, 3]);
    await expect(
      updateObject(deps(), { ...write(object), unset: ['/properties/colour'], if_versions: [1, 2] }),
    ).rejects.toEqual(coded('object.version_mismatch'));
  });

  it('are all or nothing: a bad transform leaves the name alone (L1)', async () => {
    const { object } = await make({ name: 'before' });
    const broken = updateObject(deps(), {
      ...write(object),
      set: { '/name': 'after' },
      transform: translated(Number.NaN, 0, 0),
    });
    await expect(broken).rejects.toEqual(coded('transform.not_finite'));
    expect((await findObject(store, owner, object.id)).object.name).toBe('before');
  });

  it('move within their brane', async () => {
    const street = await make({ name: 'street' });
    const house = await make({ name: 'house' });
    const here = { parent_id: street.object.id, brane_id: braneId };
    const moved = await moveObject(deps(), { ...write(house.object), ...here });
    expect(moved.object).toMatchObject({ parent_id: street.object.id, brane_id: braneId });
    await expect(moveObject(deps(), { ...write(street.object), parent_id: house.object.id })).rejects.toEqual(
      coded('object.cycle'),
    );
  });

  it('move into another brane, and a retry finds that they have (U3, I1, OBJ-7)', async () => {
    const house = await make({ name: 'house' });
    const there = asBraneId(crypto.randomUUID());
    const actor = { kind: 'user', user_id: owner } as const;
    await committer.createBrane(actor, { id: there, op_id: newOp(), name: 'b', visibility: 'private' });
    const input = { ...write(house.object), parent_id: there, brane_id: there };
    await expect(moveObject(deps(), { ...input, if_versions: [7] })).rejects.toEqual(
      coded('object.version_mismatch'),
    );
    const moved = await moveObject(deps(), { ...input, if_versions: [1] });
    expect(moved).toMatchObject({
      object: { id: house.object.id, brane_id: there, version: 2 },
      replayed: false,
    });
    expect((await findObject(store, owner, house.object.id)).object).toEqual(moved.object);
    expect(await moveObject(deps(), { ...input, if_versions: [1] })).toEqual({ ...moved, replayed: true });
    const elsewhere = asBraneId(crypto.randomUUID());
    await expect(
      moveObject(deps(), { ...write(house.object), parent_id: elsewhere, brane_id: elsewhere }),
    ).rejects.toEqual(coded('brane.not_found'));
  });

  it('are gone with all that they hold once they are deleted (S1)', async () => {
    const street = await make();
    const house = await make({ parent_id: street.object.id });
    await deleteObject(deps(), write(street.object));
    await expect(findObject(store, owner, street.object.id)).rejects.toEqual(coded('object.not_found'));
    await expect(findObject(store, owner, house.object.id)).rejects.toEqual(coded('object.not_found'));
    await expect(deleteObject(deps(), write(street.object))).rejects.toEqual(coded('object.not_found'));
  });

  it('are listed in sibling order, page by page, without the deleted ones', async () => {
    const made: SceneObject[] = [];
    for (let index = 0; index < 5; index += 1) made.push((await make({ name: `n${index}` })).object);
    const [, second] = made;
    if (second) await deleteObject(deps(), write(second));
    const names: string[] = [];
    let after: { order: string; id: ObjectId } | undefined;
    do {
      const page = await listChildren(store, {
        user_id: viewer,
        parent_id: braneId,
        limit: 2,
        ...(after && { after }),
      });
      expect(page.objects.length).toBeLessThanOrEqual(2);
      names.push(...page.objects.map((object) => object.name));
      after = page.next;
    } while (after);
    expect(names).toEqual(['n0', 'n2', 'n3', 'n4']);
  });

  it('may be seen but not changed by a viewer, and are unknown to a stranger', async () => {
    const { object } = await make();
    const as = (user_id: UserId): Parameters<typeof updateObject>[1] => ({
      ...write(object),
      user_id,
      set: { '/name': 'x' },
    });
    await expect(updateObject(deps(), as(viewer))).rejects.toEqual(coded('permission.denied'));
    await expect(make({}, viewer)).rejects.toEqual(coded('permission.denied'));
    await expect(updateObject(deps(), as(stranger))).rejects.toEqual(coded('object.not_found'));
    await expect(findObject(store, stranger, object.id)).rejects.toEqual(coded('object.not_found'));
    await expect(make({}, stranger)).rejects.toEqual(coded('brane.not_found'));
    await expect(findObject(store, owner, newObjectId())).rejects.toEqual(coded('object.not_found'));
  });

  it('of a deleted brane are said to be in a deleted brane, to its members alone', async () => {
    const { object } = await make();
    await committer.administer({
      brane_id: braneId,
      actor: { kind: 'user', user_id: owner },
      op_id: newOp(),
      ops: [{ op: 'set_status', status: 'deleted' }],
    });
    await expect(findObject(store, viewer, object.id)).rejects.toEqual(coded('brane.deleted'));
    await expect(findObject(store, stranger, object.id)).rejects.toEqual(coded('object.not_found'));
  });
});
