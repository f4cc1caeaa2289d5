import { buildWorld, seededIds, seededRandom } from '@state-server/testing';
import { TestBrane, unwrap } from './brane.spec-support';
import type { SceneObject } from './entities';
import type { ObjectId } from './ids';
import { orderBetween } from './order';
import { Scene } from './scene';
import { depthOf, isWithin, liveSubtree, subtree } from './tree';
import { WorkingCopy } from './working-copy';

describe('a scene', () => {
  it('lists children by order key, then by id', () => {
    const world = buildWorld(seededIds(seededRandom(3)));
    const children = ['a2', 'a0', 'a1', 'a1'].map((order) => world.block({ order }));
    const scene = new Scene(world.meta(), [...children, world.root()]);
    const sorted = [...children].sort((a, b) => (a.order + a.id < b.order + b.id ? -1 : 1));
    expect(scene.children(world.braneId)).toEqual(sorted.map(({ id }) => id));
    expect(scene.size).toBe(5);
    expect([...scene.objects()]).toHaveLength(5);
    expect(scene.children(children[0]?.id ?? world.braneId)).toEqual([]);
  });

  it('walks parents before children, siblings in order, and no further than asked', () => {
    const brane = new TestBrane();
    const street = brane.group();
    const house = brane.group(street);
    const door = brane.block(house);
    const tree = brane.block(street);
    const ids = (objects: Iterable<SceneObject>): ObjectId[] => [...objects].map(({ id }) => id);
    expect(ids(subtree(brane.scene, brane.root))).toEqual([brane.root, street, house, door, tree]);
    expect(ids(subtree(brane.scene, street, 2))).toEqual([street, house]);
    expect(ids(subtree(brane.scene, brane.newId()))).toEqual([]);
    brane.edit([{ op: 'delete', id: house }]);
    expect(ids(subtree(brane.scene, street))).toEqual([street, house, door, tree]);
    expect(ids(liveSubtree(brane.scene, brane.get(street)))).toEqual([street, tree]);
    expect(depthOf(brane.scene, brane.get(door))).toBe(4);
    expect(isWithin(brane.scene, brane.get(door), street)).toBe(true);
    expect(isWithin(brane.scene, brane.get(street), door)).toBe(false);
  });

  it('does not hang on a tree that bites its own tail', () => {
    const world = buildWorld(seededIds(seededRandom(4)));
    const [a, b] = [world.group(), world.group()];
    const scene = new Scene(world.meta(), [
      world.root(),
      { ...a, parent_id: b.id },
      { ...b, parent_id: a.id },
    ]);
    expect(scene.isDeleted(a.id)).toBe(true);
    expect(isWithin(scene, { ...a, parent_id: b.id }, world.braneId)).toBe(false);
  });
});

/** A group of ten thousand, and how often each object is read. */
function crowd() {
  const world = buildWorld(seededIds(seededRandom(5)));
  const objects: SceneObject[] = [world.root()];
  let order = orderBetween(null, null);
  for (let count = 0; count < 9_990; count += 1) {
    objects.push(world.block({ order }));
    order = orderBetween(order, null);
  }
  const scene = new Scene(world.meta(), objects);
  let reads = 0;
  const counted = {
    meta: scene.meta,
    size: scene.size,
    get: (id: ObjectId) => {
      reads += 1;
      return scene.get(id);
    },
    children: (id: ObjectId) => scene.children(id),
  };
  return { world, scene, counted, reads: () => reads };
}

describe('a group of ten thousand', () => {
  it('costs a working copy a handful of reads for each op, not a sort', () => {
    const { world, counted, reads } = crowd();
    const copy = new WorkingCopy(counted);
    const context = { seq: 2, at: '2026-01-02T00:00:00.000Z', actor: world.owner };
    const middle = copy.children(world.braneId)[5_000];
    const object = middle && copy.get(middle);
    if (!object) throw new Error('there are more than 5,000');
    const move = { op: 'move', id: object.id, parent_id: world.braneId, order: 'a0V', version: 2 } as const;
    unwrap(copy.apply(move, context));
    unwrap(copy.apply({ op: 'create', object: world.block({ order: 'a0W' }) }, context));
    expect(reads()).toBeLessThan(100);
    expect(copy.children(world.braneId).slice(0, 2)).toContain(object.id);
    expect(copy.changes().put.size).toBe(2);
  });

  it('takes thousands of moves in a time that a sort each would not leave', () => {
    const { world, scene } = crowd();
    const ids = [...scene.children(world.braneId)];
    const context = { seq: 2, at: '2026-01-02T00:00:00.000Z', actor: world.owner };
    for (const [index, id] of ids.entries()) {
      const order = `a0${String(index % 1_000).padStart(3, '0')}V`;
      unwrap(scene.apply({ op: 'move', id, parent_id: world.braneId, order, version: 2 }, context));
    }
    const orders = scene.children(world.braneId).map((id) => scene.get(id)?.order ?? '');
    expect(orders).toEqual([...orders].sort());
    expect(new Set(scene.children(world.braneId)).size).toBe(ids.length);
  });
});
