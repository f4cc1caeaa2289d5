import { checkBrane, readObject } from '@state-server/commit';
import type { ObjectId } from '@state-server/domain';
import { translated } from '@state-server/testing';
import { instantiatePrototype } from './instantiate-prototype';
import { coded, node, openWorkshop, type Workshop } from './prototypes.spec-support';

describe('an instance', () => {
  let shop: Workshop;
  beforeEach(async () => {
    shop = await openWorkshop();
  });
  afterEach(() => shop.close());

  it('is made of all nodes in one entry, each with its origin (PROTO-6)', async () => {
    const { id } = await shop.prototype();
    await shop.publish(id);
    const objects = await shop.instantiate(id, { transform: translated(1, 2, 3) });
    const [root, foot, bulb] = objects;
    expect(objects).toHaveLength(3);
    expect(root).toMatchObject({
      name: 'lamp',
      parent_id: shop.braneId,
      transform: translated(1, 2, 3),
      prototype: { id, version: 1 },
    });
    expect(root?.prototype).not.toHaveProperty('node');
    expect(foot).toMatchObject({ parent_id: root?.id, prototype: { id, version: 1, node: 'foot' } });
    expect(bulb).toMatchObject({ kind: 'block', parent_id: foot?.id, properties: { watt: 8 } });
    expect(new Set(objects.map(({ seq }) => seq)).size).toBe(1);
    const onFault = jest.fn();
    await checkBrane(shop.store, shop.braneId, { onFault });
    expect(onFault).not.toHaveBeenCalled();
  });

  it('takes overrides of its root and of its nodes, and no others (PROTO-7)', async () => {
    const { id } = await shop.prototype();
    await shop.publish(id);
    const nodes = { bulb: { properties: { watt: 60 }, name: 'old bulb', transform: translated(0, 1, 0) } };
    const [root, , bulb] = await shop.instantiate(id, {
      overrides: { name: 'mine', properties: { on: true }, nodes },
    });
    expect(root).toMatchObject({ name: 'mine', properties: { on: true } });
    expect(bulb).toMatchObject({
      name: 'old bulb',
      properties: { watt: 60 },
      transform: translated(0, 1, 0),
    });
    await expect(shop.instantiate(id, { overrides: { nodes: { shade: {} } } })).rejects.toEqual(
      coded('op.invalid'),
    );
  });

  it('is made once for one op id; the answer is the same again (I1, PROTO-6)', async () => {
    const { id } = await shop.prototype();
    await shop.publish(id);
    const root = shop.newId();
    const input = {
      user_id: shop.owner,
      op_id: shop.newOp(),
      brane_id: shop.braneId,
      prototype_id: id,
      id: root,
      parent_id: shop.braneId,
    };
    const first = await instantiatePrototype(shop.deps, input);
    const second = await instantiatePrototype(shop.deps, input);
    expect([first.replayed, second.replayed]).toEqual([false, true]);
    expect(second.object).toEqual(first.object);
    await expect(shop.instantiate(id, { id: root })).rejects.toEqual(coded('id.taken'));
  });

  it('is undone as a whole by one mark, and done again (U1, PROTO-8)', async () => {
    const { id } = await shop.prototype();
    await shop.publish(id);
    const op_id = shop.newOp();
    const actor = { kind: 'user', user_id: shop.owner } as const;
    const base = { brane_id: shop.braneId, actor };
    const { ops } = await shop.committer.edit({
      ...base,
      op_id,
      ops: [{ op: 'instantiate', prototype_id: id, parent_id: shop.braneId }],
    });
    const ids = ops.flatMap((op) => (op.op === 'create' ? [op.object.id] : []));
    const [root, , bulb] = ids as [ObjectId, ObjectId, ObjectId];
    await shop.edit({ op: 'update', id: bulb, set: { '/name': 'bright' } });
    const undone = await shop.committer.undo({ ...base, op_id: shop.newOp(), target_op_id: op_id });
    expect(undone.ops).toEqual([{ op: 'delete', id: root, version: 2 }]);
    expect((await readObject(shop.store, bulb, shop.owner))?.deleted).toBe(true);
    await shop.committer.redo({ ...base, op_id: shop.newOp(), target_op_id: op_id });
    expect((await readObject(shop.store, bulb, shop.owner))?.deleted).toBe(false);
  });

  it('is not undone when somebody has put something into it (U1, PROTO-8)', async () => {
    const { id } = await shop.prototype();
    await shop.publish(id);
    const op_id = shop.newOp();
    const actor = { kind: 'user', user_id: shop.owner } as const;
    const op = { op: 'instantiate', prototype_id: id, parent_id: shop.braneId } as const;
    const { ops } = await shop.committer.edit({ brane_id: shop.braneId, actor, op_id, ops: [op] });
    const root = ops.flatMap((made) => (made.op === 'create' ? [made.object.id] : []))[0] ?? shop.newId();
    await shop.edit({ op: 'create', object: { kind: 'block', parent_id: root } });
    const undo = { brane_id: shop.braneId, actor, op_id: shop.newOp(), target_op_id: op_id };
    await expect(shop.committer.undo(undo)).rejects.toEqual(coded('undo.superseded'));
  });

  it('of a version of 500 nodes, as full as it may be, fits one transaction (PROTO-9)', async () => {
    const { id } = await shop.prototype();
    const filled = (chars: number) => ({
      nodes: [
        node('root'),
        ...Array.from({ length: 499 }, (_, at) =>
          node(`node-${at}`, { parent: 'root', name: 'part', properties: { text: 'x'.repeat(chars) } }),
        ),
      ],
      members: [],
    });
    await expect(shop.publish(id, { tree: filled(16) })).rejects.toEqual(coded('field.too_large'));
    await shop.publish(id, { tree: filled(15) });
    const far = translated(1e8, -1e8, 1e8);
    expect(await shop.instantiate(id, { transform: far })).toHaveLength(500);
    const { nodes } = filled(1);
    const more = { nodes: [...nodes, node('one-more', { parent: 'root' })], members: [] };
    await expect(shop.publish(id, { tree: more })).rejects.toEqual(coded('prototype.invalid'));
    const once = { op: 'instantiate', prototype_id: id, parent_id: shop.braneId } as const;
    await expect(shop.edit(once, once)).rejects.toEqual(coded('edit.too_large'));
    const overrides = { properties: { text: 'x'.repeat(10_000) } };
    await expect(shop.edit({ ...once, overrides })).rejects.toEqual(coded('edit.too_large'));
  });
});
