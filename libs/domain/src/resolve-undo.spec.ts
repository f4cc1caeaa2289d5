import { TestBrane, codeOf, type Entry, unwrap } from './brane.spec-support';
import type { Value } from './entities';
import type { ObjectId } from './ids';
import { compose } from './matrix';
import type { ClientOp, NewObject, Pointer } from './ops';

const set = (id: ObjectId, pointers: Readonly<Record<Pointer, Value>>): ClientOp => ({
  op: 'update',
  id,
  set: pointers,
});
const at = (x: number): Float32Array => compose({ translation: [x, 0, 0] });
const inside = (parent_id: ObjectId, id: ObjectId, kind: 'group' | 'block' = 'block'): ClientOp => ({
  op: 'create',
  object: { kind, parent_id, id } as NewObject,
});

function refusedUndo(brane: TestBrane, entry: Entry, cause?: string): void {
  const result = brane.tryUndo(entry);
  expect(result).toMatchObject({ ok: false, refusal: { code: 'undo.superseded' } });
  if (cause !== undefined) expect(result).toMatchObject({ refusal: { details: { cause } } });
}

describe('undo of an update (U1)', () => {
  it('puts back what was there, pointer by pointer', () => {
    const brane = new TestBrane();
    const id = brane.block(brane.root, { name: 'a', properties: { x: 1, gone: 2 } });
    const entry = brane.edit([
      {
        op: 'update',
        id,
        set: { '/name': 'b', '/properties/x': 5, '/properties/new': 1 },
        unset: ['/properties/gone'],
      },
    ]);
    const undone = brane.undo(entry);
    expect(brane.get(id)).toMatchObject({ name: 'a', properties: { x: 1, gone: 2 } });
    expect(undone.skipped).toEqual([]);
    brane.undo(undone);
    expect(brane.get(id)).toMatchObject({ name: 'b', properties: { x: 5, new: 1 } });
  });

  it('leaves alone what was changed since, and says which', () => {
    const brane = new TestBrane();
    const id = brane.block(brane.root, { properties: { x: 1, y: 1 } });
    const entry = brane.edit([set(id, { '/properties/x': 2, '/properties/y': 2 })]);
    brane.edit([set(id, { '/properties/y': 3 })], brane.peer);
    const undone = brane.undo(entry);
    expect(brane.get(id).properties).toEqual({ x: 1, y: 3 });
    expect(undone.skipped).toEqual([{ id, pointer: '/properties/y' }]);
  });

  it('does nothing at all where nothing is left', () => {
    const brane = new TestBrane();
    const id = brane.block();
    const entry = brane.edit([set(id, { '/name': 'mine' })]);
    brane.edit([set(id, { '/name': 'yours' })], brane.peer);
    refusedUndo(brane, entry);
    const other = brane.edit([set(id, { '/name': 'mine again' })]);
    brane.edit([{ op: 'delete', id }], brane.peer);
    refusedUndo(brane, other);
  });

  it('counts a value that came back as the same value', () => {
    const brane = new TestBrane();
    const id = brane.block();
    const entry = brane.edit([set(id, { '/properties/n': 5 })]);
    brane.edit([set(id, { '/properties/n': 6 })], brane.peer);
    brane.edit([set(id, { '/properties/n': 5n })], brane.peer);
    expect(brane.undo(entry).skipped).toEqual([]);
    expect(brane.get(id).properties).toEqual({});
  });

  it('takes away the maps that were made on the way', () => {
    const brane = new TestBrane();
    const id = brane.block();
    const entry = brane.edit([set(id, { '/properties/a/b/c': 1, '/properties/a/d': 2 })]);
    const undone = brane.undo(entry);
    expect(brane.get(id).properties).toEqual({});
    expect(undone.ops).toEqual([{ op: 'update', id, set: {}, unset: ['/properties/a'], version: 3 }]);
    brane.undo(undone);
    expect(brane.get(id).properties).toEqual({ a: { b: { c: 1 }, d: 2 } });
  });

  it('keeps those maps while another’s value is in them', () => {
    const brane = new TestBrane();
    const id = brane.block();
    const entry = brane.edit([set(id, { '/properties/a/b': 1 })]);
    brane.edit([set(id, { '/properties/a/c': 2 })], brane.peer);
    const undone = brane.undo(entry);
    expect(brane.get(id).properties).toEqual({ a: { c: 2 } });
    expect(undone.skipped).toEqual([]);
  });

  it('goes back through several ops on one pointer', () => {
    const brane = new TestBrane();
    const id = brane.block(brane.root, { name: 'a' });
    const entry = brane.edit([
      set(id, { '/name': 'b' }),
      set(id, { '/name': 'c' }),
      set(id, { '/name': 'b' }),
    ]);
    brane.undo(entry);
    expect(brane.get(id).name).toBe('a');
  });

  it('restores a model and a gallery', () => {
    const brane = new TestBrane();
    const model = { id: 'm', digest: 'd', bytes: 1, bounds: [0, 0, 0, 1, 1, 1], radius: 1, previews: [] };
    const block = brane.block(brane.root, { model });
    brane.undo(brane.edit([{ op: 'update', id: block, unset: ['/model'] }]));
    expect(brane.get(block)).toMatchObject({ model });
    const group = brane.group();
    const prototype = brane.newId();
    const entry = brane.edit([set(group, { [`/gallery/${prototype}`]: 'a0' })]);
    brane.undo(entry);
    expect(brane.get(group)).toMatchObject({ gallery: {} });
  });
});

describe('undo of a transform (U1)', () => {
  it('goes back, unless somebody has dragged it on', () => {
    const brane = new TestBrane();
    const id = brane.block(brane.root, { transform: at(1) });
    const entry = brane.edit([{ op: 'transform', id, transform: at(2) }]);
    brane.undo(entry);
    expect(brane.get(id).transform).toEqual(at(1));
    const again = brane.edit([{ op: 'transform', id, transform: at(3) }, set(id, { '/name': 'x' })]);
    brane.edit([{ op: 'transform', id, transform: at(4) }], brane.peer);
    expect(brane.undo(again).skipped).toEqual([{ id, pointer: '/transform' }]);
    expect(brane.get(id)).toMatchObject({ transform: at(4), name: '' });
  });
});

describe('undo of a move (U1)', () => {
  function moved() {
    const brane = new TestBrane();
    const [from, to] = [brane.group(), brane.group()];
    const first = brane.block(from);
    const last = brane.block(from);
    const entry = brane.edit([{ op: 'move', id: first, parent_id: to }]);
    return { brane, from, to, first, last, entry };
  }

  it('goes back to its place among the siblings', () => {
    const { brane, from, first, last, entry } = moved();
    brane.undo(entry);
    expect(brane.scene.children(from)).toEqual([first, last]);
  });

  it('is refused when it was moved on, or is deleted, or its old parent is', () => {
    const one = moved();
    one.brane.edit([{ op: 'move', id: one.first, parent_id: one.brane.root }], one.brane.peer);
    refusedUndo(one.brane, one.entry);
    const two = moved();
    two.brane.edit([{ op: 'delete', id: two.first }], two.brane.peer);
    refusedUndo(two.brane, two.entry, 'object.not_found');
    const three = moved();
    three.brane.edit([{ op: 'delete', id: three.from }], three.brane.peer);
    refusedUndo(three.brane, three.entry, 'object.not_found');
  });

  it('is refused when the old parent now hangs below it', () => {
    const brane = new TestBrane();
    const outer = brane.group();
    const inner = brane.group(outer);
    const entry = brane.edit([{ op: 'move', id: inner, parent_id: brane.root }]);
    brane.edit([{ op: 'move', id: outer, parent_id: inner }], brane.peer);
    refusedUndo(brane, entry, 'object.cycle');
  });

  it('stands when it was only put elsewhere among its siblings', () => {
    const { brane, from, to, first, entry } = moved();
    brane.edit([{ op: 'move', id: first, parent_id: to, order: 'a9' }], brane.peer);
    brane.undo(entry);
    expect(brane.scene.children(from)).toContain(first);
  });

  it('finds the old place again after it was re-spread with its siblings by the same move (S6)', () => {
    const brane = new TestBrane();
    const crowded = `a0${'0'.repeat(61)}`;
    const ids = ['a0', `${crowded}1`, `${crowded}2`, `${crowded}3`, 'a1'].map((order) =>
      brane.block(brane.root, { order }),
    );
    const [a, b, c, d = brane.root, e] = ids;
    const order = `${crowded}1${'0'.repeat(20)}1`;
    const entry = brane.edit([{ op: 'move', id: d, parent_id: brane.root, order }]);
    expect(entry.ops.map(({ op }) => op)).toEqual(['reorder', 'move']);
    expect(brane.scene.children(brane.root)).toEqual([a, b, d, c, e]);
    brane.undo(entry);
    expect(brane.scene.children(brane.root)).toEqual(ids);
  });
});

describe('undo of a create (U1)', () => {
  it('marks what the entry made', () => {
    const brane = new TestBrane();
    const [house, door] = [brane.newId(), brane.newId()];
    const entry = brane.edit([inside(brane.root, house, 'group'), inside(house, door)]);
    const undone = brane.undo(entry);
    expect(brane.scene.isDeleted(house)).toBe(true);
    brane.undo(undone);
    expect([house, door].map((id) => brane.scene.isDeleted(id))).toEqual([false, false]);
  });

  it('is refused when something else has come to hang in it', () => {
    const brane = new TestBrane();
    const house = brane.newId();
    const entry = brane.edit([inside(brane.root, house, 'group')]);
    const door = brane.block(house, {}, brane.peer);
    refusedUndo(brane, entry);
    brane.edit([{ op: 'delete', id: door }], brane.peer);
    brane.undo(entry);
  });

  it('is refused for good when somebody else has touched it, even if he took that back', () => {
    const brane = new TestBrane();
    const house = brane.newId();
    const entry = brane.edit([inside(brane.root, house, 'group')]);
    brane.undo(brane.edit([set(house, { '/name': 'x' })], brane.peer), brane.peer);
    refusedUndo(brane, entry);
  });

  it('is refused when it is deleted already', () => {
    const brane = new TestBrane();
    const house = brane.newId();
    const entry = brane.edit([inside(brane.root, house, 'group')]);
    brane.edit([{ op: 'delete', id: house }]);
    refusedUndo(brane, entry, 'object.not_found');
  });

  it('does not mind its creator’s own later changes', () => {
    const brane = new TestBrane();
    const house = brane.newId();
    const entry = brane.edit([inside(brane.root, house, 'group')]);
    brane.edit([set(house, { '/name': 'mine' })]);
    brane.undo(entry);
    expect(brane.scene.isDeleted(house)).toBe(true);
  });
});

describe('undo of a delete (U1, S1)', () => {
  it('lifts the mark, and with it that of the whole subtree', () => {
    const brane = new TestBrane();
    const house = brane.group();
    const door = brane.block(house);
    const entry = brane.edit([{ op: 'delete', id: house }]);
    brane.undo(entry);
    expect(brane.scene.isDeleted(door)).toBe(false);
    refusedUndo(brane, entry);
  });

  it('is refused while the parent is away, or once the record is reaped', () => {
    const brane = new TestBrane();
    const street = brane.group();
    const house = brane.group(street);
    const entry = brane.edit([{ op: 'delete', id: house }]);
    const other = brane.edit([{ op: 'delete', id: street }], brane.peer);
    refusedUndo(brane, entry, 'object.not_found');
    brane.undo(other, brane.peer);
    unwrap(brane.scene.apply({ op: 'reap', ids: [house] }, brane.nextContext()));
    refusedUndo(brane, entry);
  });
});

describe('an undo', () => {
  it('is all or nothing: one op that cannot be taken back refuses the rest (U1, L1)', () => {
    const brane = new TestBrane();
    const [house, door] = [brane.group(), brane.block()];
    const entry = brane.edit([{ op: 'move', id: door, parent_id: house }, set(door, { '/name': 'x' })]);
    brane.edit([{ op: 'move', id: door, parent_id: brane.root }], brane.peer);
    refusedUndo(brane, entry);
    expect(brane.get(door).name).toBe('x');
  });

  it('is refused while the brane is not live (L7)', () => {
    const brane = new TestBrane();
    const entry = brane.edit([inside(brane.root, brane.newId())]);
    unwrap(brane.scene.apply({ op: 'set_status', status: 'deleted' }, brane.nextContext()));
    expect(codeOf(brane.tryUndo(entry))).toBe('brane.frozen');
  });

  it('of nothing is nothing', () => {
    const brane = new TestBrane();
    refusedUndo(brane, { seq: 1, ops: [], inverses: [], skipped: [] });
  });
});
