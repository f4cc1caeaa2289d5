import { TestBrane, unwrap } from './brane.spec-support';
import type { Value } from './entities';
import type { ObjectId } from './ids';
import { LIMITS } from './limits';
import { compose, IDENTITY } from './matrix';
import type { ClientOp, NewObject, Pointer } from './ops';

const update = (id: ObjectId, set: Readonly<Record<Pointer, Value>>): ClientOp => ({ op: 'update', id, set });
const createIn = (parent_id: ObjectId, rest: Partial<NewObject> = {}): ClientOp => ({
  op: 'create',
  object: { kind: 'block', parent_id, ...rest },
});

describe('an edit', () => {
  it('is all or nothing, and says which op it was (L1)', () => {
    const brane = new TestBrane();
    const id = brane.newId();
    const result = brane.try([createIn(brane.root, { id }), { op: 'delete', id: brane.newId() }]);
    expect(result).toMatchObject({
      ok: false,
      refusal: { code: 'object.not_found', details: { op_index: 1 } },
    });
    expect(brane.scene.get(id)).toBeUndefined();
  });

  it('sees in each op what the ones before it did', () => {
    const brane = new TestBrane();
    const [outer, inner] = [brane.newId(), brane.newId()];
    const entry = brane.edit([
      createIn(brane.root, { kind: 'group', id: outer }),
      createIn(outer, { id: inner }),
      { op: 'update', id: inner, set: { '/name': 'a' }, if_version: 1 },
      { op: 'update', id: inner, set: { '/name': 'b' }, if_version: 2 },
    ]);
    expect(brane.get(inner)).toMatchObject({ name: 'b', parent_id: outer, version: 3, seq: entry.seq });
    expect(entry.inverses).toHaveLength(4);
  });

  it('is neither empty nor too large', () => {
    const brane = new TestBrane();
    expect(brane.refusal()).toBe('edit.empty');
    const many = Array.from({ length: LIMITS.ops_per_edit + 1 }, () => createIn(brane.root));
    expect(brane.refusal(...many)).toBe('edit.too_many_ops');
    expect(brane.refusal(...many.slice(1))).toBe('accepted');
    const half = 'x'.repeat(LIMITS.bytes_per_edit / 2 - 1_000);
    const large = createIn(brane.root, { name: half });
    expect(brane.refusal(large, large, createIn(brane.root, { name: 'x'.repeat(2_000) }))).toBe(
      'edit.too_large',
    );
  });

  it('is refused while the brane is not live (L7)', () => {
    const brane = new TestBrane();
    const door = brane.block();
    unwrap(brane.scene.apply({ op: 'set_status', status: 'deleted' }, brane.nextContext()));
    expect(brane.refusal({ op: 'delete', id: door })).toBe('brane.frozen');
  });

  it('leaves instances to whoever can read prototypes: a client shows them when the server has made them', () => {
    const brane = new TestBrane();
    const id = brane.block();
    const op = { op: 'instantiate', prototype_id: id as never, parent_id: brane.root } as const;
    expect(brane.edit([op]).ops).toEqual([]);
    expect(brane.edit([{ op: 'upgrade', id }]).ops).toEqual([]);
    expect(brane.refusal({ op: 'upgrade', id: brane.newId() })).toBe('object.not_found');
  });

  it('refuses what is no op', () => {
    const brane = new TestBrane();
    const id = brane.block();
    expect(brane.refusal({ op: 'explode', id } as never)).toBe('op.unsupported');
  });

  it.each(['update', 'transform', 'move', 'delete'] as const)(
    'makes %s conditional on the version',
    (kind) => {
      const brane = new TestBrane();
      const id = brane.block();
      const ops = {
        update: update(id, { '/name': 'x' }),
        transform: { op: 'transform', id, transform: IDENTITY },
        move: { op: 'move', id, parent_id: brane.root },
        delete: { op: 'delete', id },
      } as const;
      const op = ops[kind];
      expect(brane.refusal({ ...op, if_version: 2 } as ClientOp)).toBe('object.version_mismatch');
      expect(brane.refusal({ ...op, if_version: 1 } as ClientOp)).toBe('accepted');
    },
  );

  it('finds no object that is deleted, itself or with an ancestor (S1)', () => {
    const brane = new TestBrane();
    const house = brane.group();
    const door = brane.block(house);
    brane.edit([{ op: 'delete', id: house }]);
    for (const id of [house, door, brane.newId()]) {
      expect(brane.refusal(update(id, { '/name': 'x' }))).toBe('object.not_found');
      expect(brane.refusal({ op: 'transform', id, transform: IDENTITY })).toBe('object.not_found');
      expect(brane.refusal({ op: 'move', id, parent_id: brane.root })).toBe('object.not_found');
      expect(brane.refusal({ op: 'delete', id })).toBe('object.not_found');
    }
    expect(brane.refusal(createIn(house))).toBe('object.not_found');
    expect(brane.refusal({ op: 'move', id: brane.block(), parent_id: house })).toBe('object.not_found');
  });

  it('leaves the root in its place', () => {
    const brane = new TestBrane();
    const street = brane.group();
    const id = brane.root;
    expect(brane.refusal({ op: 'move', id, parent_id: street })).toBe('object.is_root');
    expect(brane.refusal({ op: 'move', id, parent_id: id })).toBe('object.is_root');
    expect(brane.refusal({ op: 'move', id: street, parent_id: street })).toBe('object.cycle');
    expect(brane.refusal({ op: 'transform', id, transform: IDENTITY })).toBe('object.is_root');
    expect(brane.refusal({ op: 'delete', id })).toBe('object.is_root');
    expect(brane.refusal(update(id, { '/name': 'x' }))).toBe('accepted');
  });
});

describe('a create', () => {
  it('is resolved to a whole object, so that a receiver asks nothing (DOM-4)', () => {
    const brane = new TestBrane();
    const group = brane.get(brane.group());
    const { seq, created_at } = group;
    expect(group).toEqual({
      id: group.id,
      kind: 'group',
      brane_id: brane.root,
      parent_id: brane.root,
      order: 'a0',
      name: '',
      transform: IDENTITY,
      properties: {},
      prototype: null,
      version: 1,
      seq,
      created_at,
      updated_at: created_at,
      created_by: brane.owner,
      updated_by: brane.owner,
      is_brane: false,
      gallery: {},
    });
    expect(brane.get(brane.block())).toMatchObject({ kind: 'block', model: null, order: 'a1' });
  });

  it('keeps what the client has chosen', () => {
    const brane = new TestBrane();
    const prototype = brane.newId();
    const chosen = {
      id: brane.newId(),
      order: 'b0V',
      name: 'street',
      properties: { a: 1 },
      gallery: { [prototype]: 'a0' },
    } as never;
    expect(brane.get(brane.group(brane.root, chosen))).toMatchObject(chosen);
    const model = { id: 'm', digest: 'd', bytes: 1, bounds: [0, 0, 0, 1, 1, 1], radius: 1, previews: [] };
    expect(brane.get(brane.block(brane.root, { model }))).toMatchObject({ model });
    const link = brane.newId() as never;
    expect(brane.get(brane.group(brane.root, { link }))).toMatchObject({ link, is_brane: false });
  });

  it('does not take an id twice, not even that of a deleted object (I6)', () => {
    const brane = new TestBrane();
    const id = brane.block();
    expect(brane.refusal(createIn(brane.root, { id }))).toBe('id.taken');
    brane.edit([{ op: 'delete', id }]);
    expect(brane.refusal(createIn(brane.root, { id }))).toBe('id.taken');
    expect(brane.refusal(createIn(brane.root, { id: brane.root }))).toBe('id.taken');
  });

  it.each<[string, string, Record<string, unknown>]>([
    ['an id that is none', 'op.invalid', { id: 'door' }],
    ['an unknown kind', 'op.invalid', { kind: 'tree' }],
    ['a link that is no id', 'op.invalid', { kind: 'group', link: 'x' }],
    [
      'a transform that is not finite',
      'transform.not_finite',
      { transform: [...IDENTITY].with(0, Number.NaN) },
    ],
    ['a name that is none', 'field.invalid', { name: 7 }],
    ['a name that is too long', 'field.too_large', { name: 'ä'.repeat(201) }],
    ['properties that are no map', 'field.invalid', { properties: [1] }],
    ['properties that nest too deep', 'field.invalid', { properties: nested(16) }],
    ['properties that are too large', 'field.too_large', { properties: { a: 'x'.repeat(32_768) } }],
    ['a forbidden key', 'field.invalid', { properties: { a: { constructor: 1 } } }],
    ['an order key of strange letters', 'order.invalid', { order: 'ä' }],
    ['a gallery with a strange order', 'order.invalid', { kind: 'group', gallery: { [uuid(1)]: '!' } }],
    ['a gallery with a strange key', 'field.not_settable', { kind: 'group', gallery: { door: 'a0' } }],
    ['a gallery that is too large', 'field.too_large', { kind: 'group', gallery: largeGallery() }],
    ['a model that is none', 'field.invalid', { model: { id: 'm' } }],
    ['too many previews', 'field.too_large', { model: { ...modelOf(), previews: Array(17).fill('p') } }],
  ])('refuses %s with %s', (_, code, rest) => {
    const brane = new TestBrane();
    expect(brane.refusal(createIn(brane.root, rest as never))).toBe(code);
  });

  it('counts characters of a name as people do, one emoji for one', () => {
    const brane = new TestBrane();
    expect(brane.refusal(createIn(brane.root, { name: '😀'.repeat(200) }))).toBe('accepted');
  });

  it('cannot hang below a block, a link or nowhere, nor link a brane into itself (S7, DOM-2)', () => {
    const brane = new TestBrane();
    const link = brane.group(brane.root, { link: brane.newId() } as never);
    expect(brane.refusal(createIn(brane.block()))).toBe('object.not_a_group');
    expect(brane.refusal(createIn(link))).toBe('object.not_a_group');
    expect(brane.refusal(createIn(brane.newId()))).toBe('object.not_found');
    const own = { kind: 'group', link: brane.root } as never;
    expect(brane.refusal(createIn(brane.root, own))).toBe('object.cycle');
  });
});

describe('space', () => {
  it('stays finite, for the object and for what hangs below it (S5)', () => {
    const brane = new TestBrane();
    const huge = compose({ scale: [1e30, 1e30, 1e30] });
    const outer = brane.group(brane.root, { transform: huge });
    expect(brane.refusal(createIn(outer, { transform: huge }))).toBe('transform.not_finite');
    const other = brane.group();
    brane.block(other, { transform: huge });
    expect(brane.refusal({ op: 'transform', id: other, transform: huge })).toBe('transform.not_finite');
    expect(brane.refusal({ op: 'move', id: other, parent_id: outer })).toBe('transform.not_finite');
    expect(brane.refusal({ op: 'transform', id: other, transform: compose({ scale: [2, 2, 2] }) })).toBe(
      'accepted',
    );
  });

  it('rounds what it is given (S5)', () => {
    const brane = new TestBrane();
    const id = brane.block();
    const precise = [...IDENTITY].with(12, 0.1) as never;
    brane.edit([{ op: 'transform', id, transform: precise }]);
    expect(brane.get(id).transform[12]).toBe(Math.fround(0.1));
  });
});

describe('an update (S4)', () => {
  it('writes pointers in one form, and values as they are kept', () => {
    const brane = new TestBrane();
    const id = brane.block();
    const model = { ...modelOf(), extra: 1 };
    const entry = brane.edit([{ op: 'update', id, set: { '/model': model }, unset: ['/properties/a~1b'] }]);
    expect(entry.ops).toEqual([
      { op: 'update', id, set: { '/model': modelOf() }, unset: ['/properties/a~1b'], version: 2 },
    ]);
  });

  it('says something, and not too much', () => {
    const brane = new TestBrane();
    const id = brane.block();
    expect(brane.refusal({ op: 'update', id })).toBe('op.invalid');
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`/properties/${index}`, 1]));
    expect(brane.refusal(update(id, many))).toBe('field.too_large');
    expect(brane.refusal(update(id, { [`/properties${'/x'.repeat(512)}`]: 1 }))).toBe('field.too_large');
    expect(brane.refusal(update(id, { '/properties/a': 'x'.repeat(32_768) }))).toBe('field.too_large');
    expect(brane.refusal(update(id, { [`/properties${'/x'.repeat(17)}`]: 1 }))).toBe('field.invalid');
    expect(brane.refusal({ op: 'update', id, unset: ['/name'] })).toBe('field.invalid');
  });

  it('cannot touch what has an op of its own, or is the server’s', () => {
    const brane = new TestBrane();
    const id = brane.block();
    for (const pointer of ['/parent_id', '/transform', '/is_brane', '/kind', '/seq', '/__proto__/x']) {
      expect(brane.refusal(update(id, { [pointer]: 1 }))).toBe('field.not_settable');
    }
    expect(brane.refusal(update(id, { '/properties': {}, '/properties/a': 1 }))).toBe('field.overlap');
  });
});

function nested(levels: number): Value {
  return { a: levels === 1 ? 1 : nested(levels - 1), b: [] };
}

function uuid(count: number): string {
  return `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;
}

function largeGallery(): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 201 }, (_, index) => [uuid(index), 'a0']));
}

function modelOf() {
  return { id: 'm', digest: 'd', bytes: 1, bounds: [0, 0, 0, 1, 1, 1], radius: 1, previews: [] };
}
