import { parentRefusal } from './apply-op';
import { addOp, type Draft, refused } from './draft';
import type { ObjectId } from './ids';
import { LIMITS } from './limits';
import {
  areBounds,
  isOrderKey,
  namesPlace,
  ORDER_MAX,
  orderBetween,
  type Sibling,
  siblingIndex,
} from './order';
import { ok, refuse, type Result } from './refusal';
import { respread } from './respread';
import type { SceneReader } from './scene-reader';
import { checkHeight, depthOf } from './tree';

/**
 * The order key under a parent: the wanted one when it is a proper key, the end when none is wanted. A key that is too
 * long or not quite a key names a place; when there is no short key at it, the siblings are re-spread first (SYNC S6).
 */
export function orderAmong(
  draft: Draft,
  parentId: ObjectId,
  id: ObjectId,
  wanted: string | undefined,
): Result<string> {
  if (wanted !== undefined && !namesPlace(wanted)) {
    return refuse('order.invalid', `not an order key: ${wanted}`, { order: wanted });
  }
  if (wanted !== undefined && wanted.length <= ORDER_MAX && isOrderKey(wanted)) return ok(wanted);
  const siblings = draft.copy.children(parentId);
  const find = (sibling: ObjectId): Sibling | undefined => draft.copy.get(sibling);
  const siblingAt = (index: number): Sibling | undefined => {
    const sibling = siblings[index];
    return sibling === undefined ? undefined : find(sibling);
  };
  const index = wanted === undefined ? siblings.length : siblingIndex(siblings, { id, order: wanted }, find);
  const before = siblingAt(index - 1)?.order ?? null;
  const after = siblingAt(index)?.order ?? null;
  if (areBounds(before, after)) {
    const order = orderBetween(before, after);
    if (order.length <= ORDER_MAX) return ok(order);
  }
  const spread = respread(siblings.length, index, siblingAt);
  if (!spread)
    return refuse('order.invalid', 'there is no room left at this place', { order: wanted ?? null });
  if (Object.keys(spread.orders).length === 0) return ok(spread.order);
  const added = addOp(draft, { op: 'reorder', parent_id: parentId, orders: spread.orders });
  return added.ok ? ok(spread.order) : added;
}

/** Whether one more object can hang below the parent: it is a live group, not too deep, and has room. */
export function checkParent(scene: SceneReader, parentId: ObjectId): Result<{ readonly depth: number }> {
  const refusal = parentRefusal(scene, parentId);
  if (refusal) return refused(refusal);
  const parent = scene.get(parentId);
  const depth = parent ? depthOf(scene, parent) : 0;
  if (depth >= LIMITS.depth_levels) {
    return refuse('object.too_deep', `a tree has at most ${LIMITS.depth_levels} levels`, { id: parentId });
  }
  const room = checkRoom(scene, parentId);
  return room.ok ? ok({ depth }) : room;
}

/** Marked children do not count, up to as many as live ones may be: then they have to be reaped first. */
export function checkRoom(scene: SceneReader, parentId: ObjectId): Result<void> {
  const limit = LIMITS.children_per_group;
  const children = scene.children(parentId);
  if (children.length < limit) return ok(undefined);
  if (children.length < 2 * limit && hasMarked(scene, children, children.length - limit + 1))
    return ok(undefined);
  return refuse('object.too_many_children', `a group has at most ${limit} children`, { id: parentId });
}

function hasMarked(scene: SceneReader, ids: readonly ObjectId[], wanted: number): boolean {
  let found = 0;
  return ids.some((id) => {
    if (scene.get(id)?.deleted_at !== undefined) found += 1;
    return found >= wanted;
  });
}

/** Whether the subtree still fits when its root stands at level `depth`; walks it only when it goes further down. */
export function checkDepth(scene: SceneReader, id: ObjectId, depth: number): Result<void> {
  const object = scene.get(id);
  if (!object || object.kind === 'block' || depth <= depthOf(scene, object)) return ok(undefined);
  const max = LIMITS.walked_objects_per_op;
  switch (checkHeight(scene, id, LIMITS.depth_levels - depth + 1, max)) {
    case 'fits':
      return ok(undefined);
    case 'too_deep':
      return refuse('object.too_deep', `a tree has at most ${LIMITS.depth_levels} levels`, { id });
    case 'too_large':
      return refuse('object.too_deep', `a group of more than ${max} objects cannot move further down`, {
        id,
      });
  }
}
