import { codeOf, TestBrane } from './brane.spec-support';
import type { Value } from './entities';
import type { ObjectId } from './ids';
import { compose } from './matrix';
import type { ClientOp, Pointer } from './ops';

const set = (id: ObjectId, values: Readonly<Record<Pointer, Value>>): ClientOp => ({
  op: 'update',
  id,
  set: values,
});
const elsewhere = compose({ translation: [1, 2, 3] });

function house() {
  const brane = new TestBrane();
  const [street, house, chair, other] = [brane.newId(), brane.newId(), brane.newId(), brane.newId()];
  brane.edit([
    { op: 'create', object: { kind: 'group', id: street, parent_id: brane.root } },
    { op: 'create', object: { kind: 'group', id: house, parent_id: street } },
    { op: 'create', object: { kind: 'block', id: chair, parent_id: house } },
    { op: 'create', object: { kind: 'group', id: other, parent_id: brane.root } },
  ]);
  return { brane, street, house, chair, other };
}

describe('a locked object', () => {
  it('refuses every change to it and to what it holds (OBJ-3)', () => {
    const { brane, house: id, chair, other, street } = house();
    brane.edit([set(id, { '/locked': true })]);
    expect(brane.get(id).locked).toBe(true);
    const refused: ClientOp[] = [
      set(id, { '/name': 'x' }),
      set(chair, { '/name': 'x' }),
      { op: 'transform', id, transform: elsewhere },
      { op: 'transform', id: chair, transform: elsewhere },
      { op: 'move', id, parent_id: other },
      { op: 'move', id: chair, parent_id: other },
      { op: 'move', id: other, parent_id: id },
      { op: 'delete', id },
      { op: 'delete', id: chair },
      { op: 'create', object: { kind: 'block', parent_id: id } },
      set(chair, { '/locked': true }),
    ];
    for (const op of refused) expect([op, brane.refusal(op)]).toEqual([op, 'object.locked']);
    // What it hangs below may change, and take it along.
    for (const op of [
      { op: 'transform', id: street, transform: elsewhere },
      { op: 'delete', id: street },
    ] as const) {
      expect(brane.refusal(op)).toBe('accepted');
    }
  });

  it('is unlocked by whoever may edit, alone or with other changes; not from below (OBJ-3)', () => {
    const { brane, house: id, chair } = house();
    brane.edit([set(chair, { '/locked': true }), set(id, { '/locked': true })]);
    expect(brane.refusal({ op: 'update', id: chair, unset: ['/locked'] })).toBe('object.locked');
    brane.edit([set(id, { '/locked': false, '/name': 'open' })]);
    expect(brane.get(id)).not.toHaveProperty('locked');
    brane.edit([
      { op: 'update', id: chair, unset: ['/locked'] },
      { op: 'transform', id: chair, transform: elsewhere },
    ]);
    expect(brane.get(chair)).not.toHaveProperty('locked');
    expect(brane.refusal(set(id, { '/locked': 'yes' }))).toBe('field.invalid');
  });

  it('is respected by undo; locking itself can be undone (OBJ-3, U1)', () => {
    const { brane, chair } = house();
    const named = brane.edit([set(chair, { '/name': 'a' })]);
    const moved = brane.edit([{ op: 'transform', id: chair, transform: elsewhere }]);
    const locked = brane.edit([set(chair, { '/locked': true })]);
    for (const entry of [moved, named]) expect(codeOf(brane.tryUndo(entry))).toBe('undo.superseded');
    brane.undo(locked);
    expect(brane.get(chair)).not.toHaveProperty('locked');
    expect(brane.tryUndo(moved).ok).toBe(true);
  });
});

describe('a pinned object', () => {
  it('keeps its place, and may be changed, deleted and carried along otherwise (OBJ-4)', () => {
    const { brane, house: id, chair, other, street } = house();
    const before = brane.edit([{ op: 'transform', id: chair, transform: elsewhere }]);
    brane.edit([set(chair, { '/pinned': true })]);
    expect(brane.refusal({ op: 'transform', id: chair, transform: elsewhere })).toBe('object.pinned');
    expect(brane.refusal({ op: 'move', id: chair, parent_id: other })).toBe('object.pinned');
    expect(brane.refusal({ op: 'move', id: chair, parent_id: id, order: 'a5' })).toBe('object.pinned');
    expect(codeOf(brane.tryUndo(before))).toBe('undo.superseded');
    for (const op of [
      set(chair, { '/name': 'x' }),
      { op: 'transform', id, transform: elsewhere },
      { op: 'move', id, parent_id: other },
      { op: 'move', id: street, parent_id: other },
      { op: 'delete', id: chair },
    ] satisfies ClientOp[]) {
      expect(brane.refusal(op)).toBe('accepted');
    }
    brane.edit([set(chair, { '/pinned': false }), { op: 'transform', id: chair, transform: compose({}) }]);
    expect(brane.get(chair)).not.toHaveProperty('pinned');
  });
});

describe('a lifetime', () => {
  it('ends in the future, in one form of text; a brane has none (OBJ-5)', () => {
    const { brane, chair } = house();
    brane.edit([set(chair, { '/expires_at': '2030-01-01T02:00:00+02:00' })]);
    expect(brane.get(chair).expires_at).toBe('2030-01-01T00:00:00.000Z');
    for (const [value, code] of [
      ['2020-01-01T00:00:00Z', 'field.invalid'],
      ['tomorrow', 'field.invalid'],
      ['2030-01-01', 'field.invalid'],
      [1_900_000_000, 'field.invalid'],
      [null, 'accepted'],
    ] as const) {
      expect([value, brane.refusal(set(chair, { '/expires_at': value }))]).toEqual([value, code]);
    }
    expect(brane.refusal(set(brane.root, { '/expires_at': '2030-01-01T00:00:00Z' }))).toBe('object.is_root');
    brane.edit([{ op: 'update', id: chair, unset: ['/expires_at'] }]);
    expect(brane.get(chair)).not.toHaveProperty('expires_at');
  });

  it('may be given with a new object, like a lock and a pin (OBJ-5)', () => {
    const brane = new TestBrane();
    const id = brane.newId();
    const object = { kind: 'block', id, parent_id: brane.root, locked: true, pinned: false } as const;
    const late = { ...object, expires_at: '2020-01-01T00:00:00Z' };
    expect(brane.refusal({ op: 'create', object: late })).toBe('field.invalid');
    brane.edit([{ op: 'create', object: { ...object, expires_at: '2030-01-01T00:00:00Z' } }]);
    expect(brane.get(id)).toMatchObject({ locked: true, expires_at: '2030-01-01T00:00:00.000Z' });
    expect(brane.get(id)).not.toHaveProperty('pinned');
  });
});
