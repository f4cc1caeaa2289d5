import { operationKinds, readOperation, workOperation } from '@state-server/commit';
import type { ObjectId, PrototypeId } from '@state-server/domain';
import { coded, LAMP, openWorkshop, type Workshop } from './prototypes.spec-support';
import { upgradeInstances, upgradeInstancesKind } from './upgrade-instances';
import { upgradeObject } from './upgrade-object';

describe('many instances', () => {
  let shop: Workshop;
  let id: PrototypeId;
  let room: ObjectId;
  let lamps: ObjectId[];

  beforeEach(async () => {
    shop = await openWorkshop();
    ({ id } = await shop.prototype());
    await shop.publish(id);
    room = shop.newId();
    await shop.edit({ op: 'create', object: { kind: 'group', id: room, parent_id: shop.braneId } });
    lamps = [];
    for (const parent_id of [room, room, shop.braneId]) {
      const [root] = await shop.instantiate(id, { parent_id });
      if (root) lamps.push(root.id);
    }
  });
  afterEach(() => shop.close());

  const versions = async (): Promise<(number | undefined)[]> =>
    Promise.all(lamps.map(async (lamp) => (await shop.object(lamp))?.prototype?.version));
  const work = async (operationId: string): Promise<unknown> => {
    const kinds = operationKinds([upgradeInstancesKind(shop.deps)]);
    await workOperation(
      { store: shop.store, environment: shop.environment, kinds, runner: 'spec' },
      operationId,
    );
    return readOperation(shop.store, operationId);
  };
  const ask = (fields: object = {}) =>
    upgradeInstances(shop.deps, {
      user_id: shop.owner,
      op_id: shop.newOp(),
      brane_id: shop.braneId,
      prototype_id: id,
      ...fields,
    });

  it('below an object are upgraded in one edit (PROTO-15)', async () => {
    await shop.publish(id);
    const input = { user_id: shop.owner, op_id: shop.newOp(), id: room, subtree: true };
    const done = await upgradeObject(shop.deps, input);
    expect([await versions(), done.conflicts]).toEqual([[2, 2, 1], []]);
    const again = upgradeObject(shop.deps, { ...input, op_id: shop.newOp() });
    await expect(again).rejects.toEqual(coded('upgrade.nothing'));
    const foreign = upgradeObject(shop.deps, { ...input, user_id: shop.stranger, op_id: shop.newOp() });
    await expect(foreign).rejects.toEqual(coded('object.not_found'));
  });

  it('of a brane are upgraded edit by edit, those that cannot be are named (S3, PROTO-16)', async () => {
    const [first] = lamps;
    if (!first) throw new Error('no lamp');
    const schema = { open: true, properties: { fuel: { type: 'text', required: true } } } as const;
    await shop.edit(
      ...lamps
        .slice(1)
        .map((lamp) => ({ op: 'update', id: lamp, set: { '/properties/fuel': 'oil' } }) as const),
    );
    await shop.publish(id, { schema });
    const { operation } = await ask();
    expect(operation).toMatchObject({ state: 'running', kind: 'prototype.upgrade' });
    const ended = await work(operation.id);
    expect(await versions()).toEqual([1, 2, 2]);
    expect(ended).toMatchObject({
      state: 'succeeded',
      result: { upgraded: 2, conflicts: 0, refused: [{ id: first, code: 'property.required' }] },
    });
  });

  it('of a brane are the same operation for the same op id; what is deleted is passed over (PROTO-16)', async () => {
    await shop.edit({ op: 'delete', id: room });
    await shop.publish(id, { tree: { nodes: LAMP.slice(0, 1), members: [] } });
    const op_id = shop.newOp();
    const [one, other] = [await ask({ op_id }), await ask({ op_id })];
    expect([one.replayed, other.replayed, other.operation.id]).toEqual([false, true, one.operation.id]);
    expect(await work(one.operation.id)).toMatchObject({
      state: 'succeeded',
      result: { upgraded: 1, refused: [] },
    });
    expect(await versions()).toEqual([1, 1, 2]);
  });

  it('are nobody else’s to upgrade, and the operation ends with the right to (PROTO-16)', async () => {
    await shop.publish(id);
    await expect(ask({ user_id: shop.stranger })).rejects.toEqual(coded('brane.not_found'));
    await expect(ask({ version: 7 })).rejects.toEqual(coded('prototype.version_not_found'));
    const { operation } = await ask();
    await shop.committer.administer({
      brane_id: shop.braneId,
      actor: { kind: 'user', user_id: shop.owner },
      op_id: shop.newOp(),
      ops: [
        { op: 'set_member', user_id: shop.stranger, role: 'owner' },
        { op: 'set_member', user_id: shop.owner, role: 'viewer' },
      ],
    });
    expect(await work(operation.id)).toMatchObject({ state: 'failed', error: { code: 'permission.denied' } });
    expect(await versions()).toEqual([1, 1, 1]);
  });
});
