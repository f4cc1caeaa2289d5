import { TestBrane } from './brane.spec-support';
import type { ObjectId } from './ids';
import { LIMITS } from './limits';
import type { ClientOp, NewObject } from './ops';
import { resolveEdit } from './resolve-edit';
import { type Scene } from './scene';
import { WorkingCopy } from './working-copy';

const createIn = (parent_id: ObjectId, rest: Partial<NewObject> = {}): ClientOp => ({
  op: 'create',
  object: { kind: 'block', parent_id, ...rest },
});

describe('the tree', () => {
  function chain(brane: TestBrane, from: ObjectId, length: number): ObjectId[] {
    const ids: ObjectId[] = [];
    for (let parent = from; ids.length < length;) {
      parent = brane.group(parent);
      ids.push(parent);
    }
    return ids;
  }

  it('has so many levels and no more (DOM-2)', () => {
    const brane = new TestBrane();
    const deepest = chain(brane, brane.root, LIMITS.depth_levels - 2).at(-1) ?? brane.root;
    const last = brane.group(deepest);
    expect(brane.refusal(createIn(last))).toBe('object.too_deep');
    expect(brane.refusal({ op: 'move', id: brane.block(), parent_id: last })).toBe('object.too_deep');
  });

  it('counts the levels of a subtree that moves down, deleted ones included', () => {
    const brane = new TestBrane();
    const deep = chain(brane, brane.root, 20);
    const tall = chain(brane, brane.root, 12);
    const [top = brane.root] = tall;
    const parent = (level: number): ObjectId => deep[level - 2] ?? brane.root;
    expect(brane.refusal({ op: 'move', id: top, parent_id: parent(21) })).toBe('object.too_deep');
    expect(brane.refusal({ op: 'move', id: top, parent_id: parent(20) })).toBe('accepted');
    brane.edit([{ op: 'delete', id: tall.at(-1) ?? top }]);
    expect(brane.refusal({ op: 'move', id: top, parent_id: parent(21) })).toBe('object.too_deep');
  });

  it('lets a large group move down, and a huge one only up or sideways', () => {
    const brane = new TestBrane();
    const district = brane.group();
    const city = brane.group();
    const deeper = brane.group(city);
    const street = brane.get(brane.group(district));
    const fill = (scene: Scene, parents: readonly ObjectId[]): void => {
      for (const parent_id of parents) {
        for (let count = 0; count < 7_000; count += 1) {
          const id = brane.newId();
          scene.put({ ...street, id, parent_id, order: `a0${String(count).padStart(4, '0')}V` });
        }
      }
    };
    fill(brane.scene, [district, street.id]);
    const down: ClientOp = { op: 'move', id: district, parent_id: deeper };
    expect(brane.refusal(down)).toBe('accepted');
    fill(brane.scene, [brane.group(district)]);
    expect(brane.refusal(down)).toBe('object.too_deep');
    expect(brane.refusal({ op: 'move', id: district, parent_id: brane.root, order: 'a0' })).toBe('accepted');
  });

  it('has so many children in a group; deleted ones make room until there are too many of them (DOM-2)', () => {
    const brane = new TestBrane();
    const parent = brane.group();
    const first = brane.block(parent);
    const sibling = brane.get(first);
    const fill = (from: number, to: number, deleted: boolean): void => {
      for (let count = from; count < to; count += 1) {
        const id = brane.newId();
        const order = `a1${String(count).padStart(5, '0')}V`;
        brane.scene.put({ ...sibling, id, order, ...(deleted ? { deleted_at: 'then' } : {}) });
      }
    };
    fill(1, LIMITS.children_per_group, false);
    const moved = brane.block();
    expect(brane.refusal(createIn(parent))).toBe('object.too_many_children');
    expect(brane.refusal({ op: 'move', id: moved, parent_id: parent })).toBe('object.too_many_children');
    expect(brane.refusal({ op: 'move', id: first, parent_id: parent })).toBe('accepted');
    const entry = brane.edit([{ op: 'delete', id: first }]);
    brane.edit([createIn(parent)]);
    expect(brane.refusal(createIn(parent))).toBe('object.too_many_children');
    const undone = brane.tryUndo(entry);
    expect(undone).toMatchObject({
      ok: false,
      refusal: { code: 'undo.superseded', details: { cause: 'object.too_many_children' } },
    });
    brane.edit([{ op: 'delete', id: brane.scene.children(parent).at(-1) ?? first }]);
    expect(brane.refusal(createIn(parent))).toBe('accepted');
    fill(LIMITS.children_per_group, 2 * LIMITS.children_per_group, true);
    expect(brane.refusal(createIn(parent))).toBe('object.too_many_children');
  });

  it('has so many objects in all (DOM-2)', () => {
    const brane = new TestBrane();
    const full = (size: number): WorkingCopy =>
      new WorkingCopy({
        meta: brane.scene.meta,
        size,
        get: (id) => brane.scene.get(id),
        children: (id) => brane.scene.children(id),
      });
    const edit = (size: number) =>
      resolveEdit(full(size), [createIn(brane.root)], brane.nextContext(), { newId: brane.newId });
    expect(edit(LIMITS.objects_per_brane)).toMatchObject({
      ok: false,
      refusal: { code: 'brane.too_many_objects' },
    });
    expect(edit(LIMITS.objects_per_brane - 1).ok).toBe(true);
  });
});
