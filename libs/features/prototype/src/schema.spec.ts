import type { ObjectId, PropertySchema, PrototypeId, Value } from '@state-server/domain';
import { coded, LAMP, node, openWorkshop, type Workshop } from './prototypes.spec-support';

const SCHEMA: PropertySchema = {
  properties: {
    height: { type: 'number', unit: 'm', min: 0.5, max: 3, step: 0.25, default: 1 },
    bulbs: { type: 'integer', min: 1, max: 2 ** 40, default: 1 },
    label: { type: 'text', min_chars: 2, max_chars: 4 },
    on: { type: 'boolean' },
    mood: { type: 'enum', values: ['warm', 'cold'], required: true, default: 'warm' },
    shade: { type: 'color' },
    at: { type: 'reference', to: 'object' },
    notes: { type: 'any' },
  },
};

describe('the property schema of a version', () => {
  let shop: Workshop;
  let id: PrototypeId;
  let root: ObjectId;
  let foot: ObjectId;

  beforeEach(async () => {
    shop = await openWorkshop();
    ({ id } = await shop.prototype());
    await shop.publish(id, { schema: SCHEMA });
    [root, foot] = (await shop.instantiate(id)).map((object) => object.id) as [ObjectId, ObjectId];
  });
  afterEach(() => shop.close());

  const set = (name: string, value: Value): Promise<unknown> =>
    shop.edit({ op: 'update', id: root, set: { [`/properties/${name}`]: value } });

  it('gives an instance its defaults (PROTO-17)', async () => {
    expect((await shop.object(root))?.properties).toEqual({ height: 1, bulbs: 1, mood: 'warm' });
  });

  const uuid = '0b8f1f2e-0f0e-4c5e-8d1a-9d8f3d6a7b10';
  it.each<[string, readonly Value[], readonly Value[]]>([
    ['height', [0.5, 0.75, 3], [0.4, 3.25, 0.6, '1', null]],
    ['bulbs', [1, 5, 2n ** 35n], [0, 1.5, 2n ** 50n, '3']],
    ['label', ['ab', 'äöüß'], ['a', 'abcde', 7]],
    ['on', [true, false], [0, 'true']],
    ['mood', ['cold'], ['hot', 1]],
    ['shade', ['#a0B1c2', '#a0b1c2ff'], ['red', '#fff']],
    ['at', [uuid], ['somewhere', uuid.toUpperCase()]],
    ['notes', [[1, { a: null }], 'x'], []],
  ])('holds for %s, whatever an edit sets (PROTO-17)', async (name, good, bad) => {
    for (const value of good) await set(name, value);
    const before = await shop.object(root);
    for (const value of bad) {
      await expect(set(name, value)).rejects.toMatchObject({
        code: 'property.invalid',
        details: { pointer: `/properties/${name}`, expected: expect.any(String) },
      });
    }
    expect(await shop.object(root)).toEqual(before);
  });

  it('holds for what is not in it, for what it requires, and not for parts (PROTO-17)', async () => {
    await expect(set('wings', 2)).rejects.toEqual(coded('property.unknown'));
    const unset = shop.edit({ op: 'update', id: root, unset: ['/properties/mood'] });
    await expect(unset).rejects.toEqual(coded('property.required'));
    const all = shop.edit({ op: 'update', id: root, set: { '/properties': {} } });
    await expect(all).rejects.toEqual(coded('property.required'));
    await shop.edit({ op: 'update', id: foot, set: { '/properties/wings': 2 } });
    // Whoever touches no property is not asked.
    await shop.edit({ op: 'update', id: root, set: { '/name': 'x' } });
  });

  it('holds for overrides of a new instance (PROTO-17)', async () => {
    await expect(shop.instantiate(id, { overrides: { properties: { height: 9 } } })).rejects.toEqual(
      coded('property.invalid'),
    );
    const [made] = await shop.instantiate(id, { overrides: { properties: { height: 2 } } });
    expect(made?.properties).toMatchObject({ height: 2 });
  });

  it('holds for an undo: what would not fit any more is not brought back (PROTO-17, U1)', async () => {
    const actor = { kind: 'user', user_id: shop.owner } as const;
    const base = { brane_id: shop.braneId, actor };
    const op_id = shop.newOp();
    await shop.committer.edit({
      ...base,
      op_id,
      ops: [{ op: 'update', id: root, set: { '/properties/label': 'abc' } }],
    });
    const later = shop.newOp();
    await shop.committer.edit({
      ...base,
      op_id: later,
      ops: [{ op: 'update', id: root, unset: ['/properties/label'] }],
    });
    await shop.publish(id, {
      schema: { properties: { ...SCHEMA.properties, label: { type: 'text', max_chars: 2 } } },
    });
    await shop.edit({ op: 'upgrade', id: root });
    const undo = shop.committer.undo({ ...base, op_id: shop.newOp(), target_op_id: later });
    await expect(undo).rejects.toMatchObject({
      code: 'undo.superseded',
      details: { cause: 'property.invalid' },
    });
  });

  it('cannot be set by a client, nor can the version (PROTO-17)', async () => {
    const ref = { id, version: 1 };
    const update = shop.edit({ op: 'update', id: root, set: { '/prototype': ref } });
    await expect(update).rejects.toEqual(coded('field.not_settable'));
    await expect(shop.edit({ op: 'update', id: root, unset: ['/prototype'] })).rejects.toEqual(
      coded('field.not_settable'),
    );
  });

  it.each<[string, PropertySchema]>([
    ['a default that does not fit', { properties: { a: { type: 'number', max: 1, default: 2 } } }],
    ['a min above its max', { properties: { a: { type: 'integer', min: 2, max: 1 } } }],
    ['a step of nothing', { properties: { a: { type: 'number', step: 0 } } }],
    ['a value twice', { properties: { a: { type: 'enum', values: ['x', 'x'] } } }],
    ['no value', { properties: { a: { type: 'enum', values: [] } } }],
    ['a name that no map may have', { properties: { $int: { type: 'boolean' } } }],
  ])('with %s is not published (PROTO-18)', async (_, schema) => {
    await expect(shop.publish(id, { schema })).rejects.toEqual(coded('prototype.invalid'));
  });

  it('is that of the root of its own version: what it holds fits (PROTO-18)', async () => {
    const nodes = [node('lamp', { properties: { height: 99 } }), ...LAMP.slice(1)];
    const tree = { nodes, members: [] };
    await expect(shop.publish(id, { schema: SCHEMA, tree })).rejects.toEqual(coded('property.invalid'));
  });

  it.each([
    ['no node', []],
    ['two nodes of one key', [node('a'), node('b', { parent: 'a' }), node('b', { parent: 'a' })]],
    ['a parent that comes later', [node('a'), node('b', { parent: 'c' }), node('c', { parent: 'a' })]],
    ['a parent that is a block', [node('a', { kind: 'block', model: null }), node('b', { parent: 'a' })]],
    ['a second root', [node('a'), node('b')]],
    ['a key that is none', [node('a b')]],
  ])('a version with %s is not published (PROTO-18)', async (_, nodes) => {
    await expect(shop.publish(id, { tree: { nodes, members: [] } })).rejects.toEqual(
      coded('prototype.invalid'),
    );
  });
});
