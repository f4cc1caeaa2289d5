import {
  type ClientOp,
  depthOf,
  type Inverse,
  LIMITS,
  type ObjectId,
  PROTOTYPE_LIMITS,
  type RestoreTarget,
  type SceneReader,
  type WorkingCopy,
} from '@state-server/domain';
import type { Ground } from './lane';
import type { Work } from './work';

/*
 * Loads, in few reads, what the rules are going to look at, so that they seldom break off at what is not there. Nothing
 * rests on it: what is overlooked here is loaded when a rule asks for it.
 */

/** What the ops of these requests name, and the lists of children into which they put something. */
export async function preloadEdits(ground: Ground, works: readonly Work[]): Promise<void> {
  const objects = new Set<ObjectId>();
  const parents = new Set<ObjectId>();
  for (const { demand } of works) {
    if (demand.kind !== 'edit') continue;
    for (const op of demand.ops) named(op, objects, parents);
  }
  await ground.load.objects(objects);
  for (const id of parents) {
    await ground.load.children(id);
    const children = ground.replica.children(id);
    // Of a full list the marks are counted.
    const isFull = children.length >= LIMITS.children_per_group;
    await ground.load.objects(isFull ? children : pathToEnd(children));
  }
}

/** What a restore names, and the lists into which it may put something. */
export async function preloadTargets(ground: Ground, targets: readonly RestoreTarget[]): Promise<void> {
  const ids = new Set<ObjectId>();
  const parents = new Set<ObjectId>();
  for (const { id, object } of targets) {
    ids.add(id);
    if (object?.parent_id) parents.add(object.parent_id);
  }
  await ground.load.objects([...ids, ...parents]);
  for (const id of parents) if (ground.replica.get(id)) await ground.load.children(id);
}

/** For ops that look at what is below a group: how deep it comes to lie, and whether that is finite (SYNC S2, S5). */
export async function preloadSubtrees(
  ground: Ground,
  copy: WorkingCopy,
  ops: readonly ClientOp[],
): Promise<void> {
  for (const op of ops) {
    // An instance is looked at as a whole, with what was put into it.
    if (op.op === 'upgrade')
      await ground.load.subtree(copy, op.id, 2 * PROTOTYPE_LIMITS.nodes_per_prototype, 'depth');
    if (op.op !== 'transform' && op.op !== 'move') continue;
    const object = held(ground, copy, op.id);
    if (object?.kind !== 'group') continue;
    if (op.op === 'move') {
      const parent = held(ground, copy, op.parent_id);
      const goesDown = (): boolean =>
        parent !== undefined && depthOf(copy, parent) + 1 > depthOf(copy, object);
      if (await ground.load.run(goesDown))
        await ground.load.subtree(copy, op.id, LIMITS.walked_objects_per_op, 'breadth');
      if (object.parent_id === op.parent_id) continue;
    }
    await ground.load.subtree(copy, op.id, LIMITS.rekeyed_objects_per_op + 1, 'depth');
  }
}

/** For inverses of an entry that created so many objects; they look at what hangs below now (SYNC U1). */
export async function preloadInverses(
  ground: Ground,
  copy: WorkingCopy,
  inverses: readonly Inverse[],
  created: number,
): Promise<void> {
  await ground.load.objects(inverses.map((inverse) => inverse.id));
  for (const inverse of inverses) {
    if (inverse.undo === 'create') await ground.load.subtree(copy, inverse.id, created + 1, 'depth');
    if (inverse.undo === 'undelete') {
      await ground.load.subtree(copy, inverse.id, LIMITS.walked_objects_per_op, 'depth');
    }
  }
}

/** Those that a binary search for the place behind the last one looks at; the last one among them. */
function pathToEnd(ids: readonly ObjectId[]): ObjectId[] {
  const path: ObjectId[] = [];
  for (let low = 0; low < ids.length;) {
    const middle = (low + ids.length) >>> 1;
    const id = ids[middle];
    if (id !== undefined) path.push(id);
    low = middle + 1;
  }
  return path;
}

function held(ground: Ground, copy: WorkingCopy, id: ObjectId): ReturnType<SceneReader['get']> {
  return ground.replica.knows(id) ? copy.get(id) : undefined;
}

function named(op: ClientOp, objects: Set<ObjectId>, parents: Set<ObjectId>): void {
  switch (op.op) {
    case 'create':
      objects.add(op.object.parent_id);
      parents.add(op.object.parent_id);
      return;
    case 'move':
      objects.add(op.id);
      objects.add(op.parent_id);
      parents.add(op.parent_id);
      return;
    case 'update':
    case 'transform':
    case 'delete':
    case 'upgrade':
      objects.add(op.id);
      return;
    case 'instantiate':
      objects.add(op.parent_id);
      parents.add(op.parent_id);
      return;
    default:
      op satisfies never;
  }
}
