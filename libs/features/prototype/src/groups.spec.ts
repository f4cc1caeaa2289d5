import {
  asObjectId,
  IDENTITY,
  type ObjectId,
  type PrototypeId,
  type PrototypeMember,
} from '@state-server/domain';
import { translated } from '@state-server/testing';
import { updatePrototype, deletePrototype } from './change-prototype';
import { coded, LAMP, openWorkshop, type Workshop } from './prototypes.spec-support';
import { GROUP_ROOT } from './tree-of';
import { treeToPublish } from './tree-to-publish';

describe('a prototype group', () => {
  let shop: Workshop;
  let lamp: PrototypeId;
  let set: PrototypeId;

  beforeEach(async () => {
    shop = await openWorkshop();
    ({ id: lamp } = await shop.prototype());
    ({ id: set } = await shop.prototype({ kind: 'group', name: 'set of lamps' }));
    await shop.publish(lamp);
  });
  afterEach(() => shop.close());

  const member = (key: string, fields: Partial<PrototypeMember> = {}): PrototypeMember => ({
    key,
    prototype_id: lamp,
    version: 1,
    order: 'a0',
    transform: IDENTITY,
    properties: {},
    ...fields,
  });
  const publish = (...members: PrototypeMember[]) =>
    shop.publish(set, { tree: { nodes: [GROUP_ROOT], members } });

  it('is instantiated as a group with its prototype, that holds instances of its members (PROTO-19)', async () => {
    await publish(
      member('left'),
      member('right', { transform: translated(3, 0, 0), properties: { lit: true } }),
    );
    const objects = await shop.instantiate(set, { overrides: { nodes: { left: { name: 'mine' } } } });
    expect(objects).toHaveLength(7);
    const [root, left, , , right] = objects;
    expect(root).toMatchObject({ kind: 'group', prototype: { id: set, version: 1 } });
    expect(left).toMatchObject({
      name: 'mine',
      parent_id: root?.id,
      prototype: { id: lamp, version: 1, member: 'left' },
    });
    expect(right).toMatchObject({ transform: translated(3, 0, 0), properties: { lit: true } });
    expect(objects[6]?.prototype).toEqual({ id: lamp, version: 1, node: 'bulb' });
  });

  it('is upgraded with its members: each to the version that the group names (PROTO-19)', async () => {
    await publish(member('left'), member('right'));
    const made = await shop.instantiate(set);
    const [root, left, , leftBulb, right] = made.map(({ id }) => id) as [
      ObjectId,
      ObjectId,
      ObjectId,
      ObjectId,
      ObjectId,
    ];
    const led = LAMP.map((each) => (each.key === 'bulb' ? { ...each, name: 'LED' } : each));
    await shop.publish(lamp, { tree: { nodes: led, members: [] } });
    await publish(member('left', { version: 2 }), member('third'));
    await shop.edit({ op: 'upgrade', id: root });
    expect(await shop.object(leftBulb)).toMatchObject({
      name: 'LED',
      prototype: { version: 2, node: 'bulb' },
    });
    expect((await shop.object(left))?.prototype).toEqual({ id: lamp, version: 2, member: 'left' });
    expect((await shop.object(right))?.deleted_at).toBeDefined();
    const docs = await shop.store.read({ label: 'spec' }, (tx) =>
      tx.range('objects', { index: 'by_parent', prefix: [shop.braneId, root], limit: 10 }),
    );
    const third = docs.find(({ object }) => object.prototype?.member === 'third');
    expect(third?.object.prototype).toEqual({ id: lamp, version: 1, member: 'third' });
  });

  it('takes members that its owner may use, and no groups (PROTO-19)', async () => {
    await expect(publish(member('a', { version: 9 }))).rejects.toEqual(coded('prototype.version_not_found'));
    await expect(publish(member('a', { prototype_id: set }))).rejects.toEqual(coded('prototype.invalid'));
    const foreign = await shop.prototype({ user_id: shop.stranger, is_public: true });
    await shop.publish(foreign.id, { user_id: shop.stranger });
    await publish(member('a', { prototype_id: foreign.id }));
    await updatePrototype(shop.deps, { user_id: shop.stranger, id: foreign.id, is_public: false });
    await expect(publish(member('a', { prototype_id: foreign.id }))).rejects.toEqual(
      coded('prototype.not_found'),
    );
    await expect(shop.publish(set)).rejects.toEqual(coded('prototype.invalid'));
    await expect(shop.instantiate(set)).rejects.toEqual(coded('prototype.not_found'));
  });

  it('makes no new instance of a member that was deleted (PROTO-19)', async () => {
    await publish(member('a'));
    await shop.instantiate(set);
    await deletePrototype(shop.deps, { user_id: shop.owner, id: lamp });
    await expect(shop.instantiate(set)).rejects.toEqual(coded('prototype.deleted'));
  });
});

describe('a version that is made from objects', () => {
  it('has them as its nodes; published anew from an instance its parts keep their keys (PROTO-5)', async () => {
    const shop = await openWorkshop();
    const { id } = await shop.prototype();
    await shop.publish(id);
    const [root] = await shop.instantiate(id);
    if (!root) throw new Error('no instance');
    await shop.edit({ op: 'create', object: { kind: 'block', parent_id: root.id, name: 'cable' } });
    const tree = await treeToPublish(shop.store, shop.owner, id, { from: { object_id: root.id } });
    expect(tree.nodes.map(({ name }) => name).sort()).toEqual(['bulb', 'cable', 'foot', 'lamp']);
    const keys = new Map(tree.nodes.map(({ name, key }) => [name, key]));
    expect([keys.get('foot'), keys.get('bulb')]).toEqual(['foot', 'bulb']);
    await shop.publish(id, { tree });
    expect(await shop.instantiate(id)).toHaveLength(4);
    const again = await treeToPublish(shop.store, shop.owner, id, { from: { object_id: root.id } });
    expect(again).toEqual(tree);
    const nowhere = treeToPublish(shop.store, shop.stranger, id, { from: { object_id: root.id } });
    await expect(nowhere).rejects.toEqual(coded('object.not_found'));
    const brane = treeToPublish(shop.store, shop.owner, id, {
      from: { object_id: asObjectId(shop.braneId) },
    });
    await expect(brane).rejects.toEqual(coded('prototype.invalid'));
    await shop.close();
  });
});
