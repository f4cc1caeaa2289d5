import { TestBrane, type Entry } from './brane.spec-support';
import type { Value } from './entities';
import type { ObjectId } from './ids';
import type { ClientOp, NewObject, Pointer } from './ops';

const set = (id: ObjectId, pointers: Readonly<Record<Pointer, Value>>): ClientOp => ({
  op: 'update',
  id,
  set: pointers,
});
const inside = (parent_id: ObjectId, id: ObjectId, kind: 'group' | 'block' = 'block'): ClientOp => ({
  op: 'create',
  object: { kind, parent_id, id } as NewObject,
});

function refusedUndo(brane: TestBrane, entry: Entry, cause?: string): void {
  const result = brane.tryUndo(entry);
  expect(result).toMatchObject({ ok: false, refusal: { code: 'undo.superseded' } });
  if (cause !== undefined) expect(result).toMatchObject({ refusal: { details: { cause } } });
}

describe('redo (U1, DOM-3)', () => {
  it('deletes again, unless anything in the subtree was touched meanwhile', () => {
    const brane = new TestBrane();
    const house = brane.group();
    const door = brane.block(house);
    const undone = brane.undo(brane.edit([{ op: 'delete', id: house }]));
    brane.undo(undone);
    expect(brane.scene.isDeleted(door)).toBe(true);

    const other = brane.group();
    const inner = brane.block(other);
    const lifted = brane.undo(brane.edit([{ op: 'delete', id: other }]));
    brane.edit([set(inner, { '/name': 'x' })], brane.peer);
    refusedUndo(brane, lifted);
  });

  it('does not take away with a group what another has put into it meanwhile', () => {
    const brane = new TestBrane();
    const house = brane.group();
    const lifted = brane.undo(brane.edit([{ op: 'delete', id: house }]));
    brane.block(house, {}, brane.peer);
    refusedUndo(brane, lifted);
  });

  it('does not stop at what own undo and redo have left: furnish, delete, undo, undo, redo, redo', () => {
    const brane = new TestBrane();
    const house = brane.group(brane.root, {}, brane.peer);
    const furnish = brane.edit([inside(house, brane.newId())]);
    const lifted = brane.undo(brane.edit([{ op: 'delete', id: house }]));
    brane.undo(brane.undo(furnish));
    brane.undo(lifted);
    expect(brane.scene.isDeleted(house)).toBe(true);
  });

  it('looks at what it moves back into a group before it takes that away again', () => {
    const start = () => {
      const brane = new TestBrane();
      const [house, door] = [brane.group(), brane.block(brane.root, {}, brane.peer)];
      const away = brane.edit([
        { op: 'move', id: door, parent_id: house },
        { op: 'delete', id: house },
      ]);
      return { brane, door, undone: brane.undo(away) };
    };
    const untouched = start();
    untouched.brane.undo(untouched.undone);
    expect(untouched.brane.scene.isDeleted(untouched.door)).toBe(true);
    const painted = start();
    painted.brane.edit([set(painted.door, { '/name': 'theirs' })], painted.brane.peer);
    refusedUndo(painted.brane, painted.undone);
  });

  it('can be undone again after own changes were undone: create, undo, redo, paint, undo, undo', () => {
    const brane = new TestBrane();
    const [house, door] = [brane.newId(), brane.newId()];
    const create = brane.edit([inside(brane.root, house, 'group'), inside(house, door)]);
    const redone = brane.undo(brane.undo(create));
    brane.undo(brane.edit([set(door, { '/name': 'red' })]));
    brane.undo(redone);
    expect(brane.scene.isDeleted(house)).toBe(true);
  });

  it('is not undone again over another’s change: create, undo, redo, another paints, undo', () => {
    const brane = new TestBrane();
    const house = brane.newId();
    const redone = brane.undo(brane.undo(brane.edit([inside(brane.root, house, 'group')])));
    brane.edit([set(house, { '/name': 'theirs' })], brane.peer);
    refusedUndo(brane, redone);
    expect(brane.get(house).name).toBe('theirs');
  });
});
