import type { ObjectId, PrototypeId, PrototypeNode, SceneObject } from '@state-server/domain';
import { translated } from '@state-server/testing';
import { coded, LAMP, node, openWorkshop, type Workshop } from './prototypes.spec-support';

const SCHEMA = {
  properties: {
    height: { type: 'number', unit: 'm', min: 0, default: 1 },
    state: { type: 'enum', values: ['on', 'off'], default: 'off' },
  },
} as const;

describe('an upgrade', () => {
  let shop: Workshop;
  let id: PrototypeId;
  let root: ObjectId;
  let foot: ObjectId;
  let bulb: ObjectId;

  beforeEach(async () => {
    shop = await openWorkshop();
    ({ id } = await shop.prototype());
    await shop.publish(id);
    const made = await shop.instantiate(id, { transform: translated(5, 0, 0) });
    [root, foot, bulb] = made.map((object) => object.id) as [ObjectId, ObjectId, ObjectId];
  });
  afterEach(() => shop.close());

  const next = (nodes: readonly PrototypeNode[], more: object = {}) =>
    shop.publish(id, { tree: { nodes, members: [] }, ...more });
  const change = (key: string, fields: Partial<PrototypeNode>): PrototypeNode[] =>
    LAMP.map((each) => (each.key === key ? ({ ...each, ...fields } as PrototypeNode) : each));
  const upgrade = async (fields: object = {}) => {
    const actor = { kind: 'user', user_id: shop.owner } as const;
    const ops = [{ op: 'upgrade', id: root, ...fields } as const];
    return shop.committer.edit({ brane_id: shop.braneId, actor, op_id: shop.newOp(), ops });
  };
  const now = async (object: ObjectId): Promise<SceneObject> => {
    const found = await shop.object(object);
    if (!found) throw new Error('gone');
    return found;
  };

  it('does what the new version has changed, to all parts, and leaves the instance where it stands (PROTO-10)', async () => {
    await next(change('bulb', { properties: { watt: 5 }, name: 'LED', transform: translated(0, 2, 0) }));
    expect((await upgrade()).skipped).toBeUndefined();
    expect(await now(bulb)).toMatchObject({
      name: 'LED',
      properties: { watt: 5 },
      transform: translated(0, 2, 0),
      prototype: { id, version: 2, node: 'bulb' },
    });
    expect(await now(root)).toMatchObject({ transform: translated(5, 0, 0), prototype: { id, version: 2 } });
    expect((await now(foot)).prototype).toMatchObject({ version: 2 });
    await expect(upgrade()).rejects.toEqual(coded('upgrade.nothing'));
    await expect(upgrade({ version: 9 })).rejects.toEqual(coded('prototype.version_not_found'));
  });

  it('keeps what was changed on the instance, and tells where both sides have changed the same (PROTO-11)', async () => {
    await shop.edit(
      {
        op: 'update',
        id: bulb,
        set: { '/properties/watt': 60, '/properties/mine': { a: 1 }, '/name': 'sun' },
      },
      { op: 'transform', id: foot, transform: translated(9, 0, 0) },
    );
    await next(
      change('bulb', { properties: { watt: 5, lumen: 400 } }).map((each) =>
        each.key === 'foot' ? { ...each, transform: translated(1, 1, 1) } : each,
      ),
    );
    const { skipped } = await upgrade();
    expect(await now(bulb)).toMatchObject({
      name: 'sun',
      properties: { watt: 60, lumen: 400, mine: { a: 1 } },
    });
    expect((await now(foot)).transform).toEqual(translated(9, 0, 0));
    expect(skipped).toEqual(
      expect.arrayContaining([
        { id: bulb, pointer: '/properties/watt' },
        { id: foot, pointer: '/transform' },
      ]),
    );
    expect(skipped).toHaveLength(2);
  });

  it('makes new nodes, and takes away those that are no more unless something was made of them (PROTO-12)', async () => {
    const withShade = [...LAMP.slice(0, 2), node('shade', { parent: 'foot' })];
    await next(withShade);
    const { ops } = await upgrade();
    const shade = ops.flatMap((op) => (op.op === 'create' ? [op.object] : []));
    expect(shade).toMatchObject([{ parent_id: foot, prototype: { id, version: 2, node: 'shade' } }]);
    expect((await now(bulb)).deleted_at).toBeDefined();
    await shop.edit({ op: 'create', object: { kind: 'block', parent_id: shade[0]?.id ?? root } });
    await next(LAMP.slice(0, 2));
    const second = await upgrade();
    const kept = await now(shade[0]?.id ?? root);
    expect([kept.deleted_at, kept.prototype]).toEqual([undefined, null]);
    expect(second.skipped).toEqual([{ id: kept.id, pointer: '/prototype' }]);
  });

  it('does not bring back what was deleted here (PROTO-12)', async () => {
    await shop.edit({ op: 'delete', id: bulb });
    await next(change('bulb', { name: 'LED' }));
    const { ops, skipped } = await upgrade();
    expect(ops.every((op) => op.op === 'update')).toBe(true);
    expect(skipped).toEqual([{ id: root, pointer: '/nodes/bulb' }]);
  });

  it('moves a part that hangs elsewhere in the new version (PROTO-12)', async () => {
    await next(change('bulb', { parent: 'lamp' }));
    await upgrade();
    expect((await now(bulb)).parent_id).toBe(root);
  });

  it('runs the migrations of every version in between (PROTO-13)', async () => {
    await next(LAMP, { schema: SCHEMA });
    await upgrade();
    await shop.edit({
      op: 'update',
      id: root,
      set: { '/properties/height': 2.5, '/properties/state': 'on' },
    });
    const renamed = {
      properties: {
        height_cm: { type: 'number', unit: 'cm', min: 0, default: 100 },
        lit: { type: 'enum', values: ['yes', 'no'], default: 'no' },
      },
    } as const;
    await next(LAMP, {
      schema: { properties: { ...SCHEMA.properties, ...renamed.properties } },
      migrations: [{ migrate: 'rename', from: 'state', to: 'lit' }],
    });
    await next(LAMP, {
      schema: renamed,
      migrations: [
        { migrate: 'rename', from: 'height', to: 'height_cm' },
        { migrate: 'convert', name: 'height_cm', factor: 100 },
        { migrate: 'map', name: 'lit', values: { on: 'yes', off: 'no' } },
        { migrate: 'drop', name: 'state' },
      ],
    });
    const { skipped } = await upgrade();
    expect((await now(root)).properties).toEqual({ height_cm: 250, lit: 'yes' });
    expect(skipped).toBeUndefined();
  });

  it('gives up what does not fit the new schema, and tells so (PROTO-13)', async () => {
    await shop.edit({ op: 'update', id: root, set: { '/properties/height': -3, '/properties/odd': true } });
    await next(LAMP, { schema: SCHEMA });
    const { skipped } = await upgrade();
    expect((await now(root)).properties).toEqual({ height: 1, state: 'off' });
    expect(skipped).toEqual([
      { id: root, pointer: '/properties/height' },
      { id: root, pointer: '/properties/odd' },
    ]);
  });

  it('is undone, and done again (U1, PROTO-14)', async () => {
    await next([...change('bulb', { name: 'LED' }), node('shade', { parent: 'foot' })]);
    const done = await upgrade();
    const actor = { kind: 'user', user_id: shop.owner } as const;
    const request = () => ({ brane_id: shop.braneId, actor, op_id: shop.newOp(), target_op_id: done.op_id });
    await shop.committer.undo(request());
    expect(await now(bulb)).toMatchObject({ name: 'bulb', prototype: { version: 1 } });
    expect((await now(root)).prototype).toEqual({ id, version: 1 });
    await shop.committer.redo(request());
    expect(await now(bulb)).toMatchObject({ name: 'LED', prototype: { version: 2 } });
  });

  it('is of an instance, by its root (PROTO-10)', async () => {
    await next(LAMP);
    await expect(upgrade({ id: bulb })).rejects.toEqual(coded('prototype.not_an_instance'));
    await expect(upgrade({ id: shop.braneId })).rejects.toEqual(coded('prototype.not_an_instance'));
    await expect(upgrade({ if_version: 7 })).rejects.toEqual(coded('object.version_mismatch'));
  });
});
