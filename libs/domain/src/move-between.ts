import { parentRefusal, rootRefusal } from './apply-op';
import { addOp, checkWorld, drafted, refused, type Resolved } from './draft';
import type { SceneObject } from './entities';
import type { BraneId, ObjectId } from './ids';
import { LIMITS } from './limits';
import { lockRefusal, placeRefusal } from './locks';
import type { OpContext, Place } from './ops';
import { checkParent, orderAmong } from './placement';
import { ok, refuse, type Refusal, type Result } from './refusal';
import { target } from './resolve-op';
import { liveSubtree, subtree } from './tree';
import type { WorkingCopy } from './working-copy';

/** An object on its way from one brane into another, with all that it holds. */
export interface Departure {
  readonly resolved: Resolved;
  /** As they were, parents before children, the one that moves first. What was deleted stays behind. */
  readonly moved: readonly SceneObject[];
  /** Where it hung. */
  readonly from: Place;
}

export interface Leaving {
  readonly id: ObjectId;
  readonly to: BraneId;
  readonly if_version?: number | undefined;
  /** It must hang below this one: for the way back (SYNC U1). */
  readonly parent_id?: ObjectId | undefined;
}

/**
 * The first half of a move between branes (SYNC U3): the subtree leaves its brane. In the terms of the log it is deleted
 * and taken away for good, and the entry says where it went. The copy is left as it was after a refusal.
 */
export function resolveMoveOut(copy: WorkingCopy, leaving: Leaving, context: OpContext): Result<Departure> {
  const { id, to } = leaving;
  const frozen = frozenRefusal(copy);
  if (frozen) return refused(frozen);
  let departure: Omit<Departure, 'resolved'> | undefined;
  const resolved = drafted(copy, context, undefined, (draft) => {
    const found = target(draft, id, leaving.if_version);
    if (!found.ok) return found;
    const object = found.value;
    const fixed = rootRefusal(object) ?? placeRefusal(copy, object);
    if (fixed) return refused(fixed);
    const { parent_id, order } = object;
    if (parent_id === null) return refuse('object.is_root', 'a brane is not moved', { id });
    if (leaving.parent_id !== undefined && leaving.parent_id !== parent_id) {
      return refuse('undo.superseded', `${id} was moved since`, { id });
    }
    const all = [...subtree(copy, id, LIMITS.moved_objects_between_branes + 1)];
    if (all.length > LIMITS.moved_objects_between_branes) return tooMany(id);
    departure = { moved: [...liveSubtree(copy, object)], from: { parent_id, order } };
    const marked = addOp(draft, { op: 'delete', id, version: object.version + 1 });
    if (!marked.ok) return marked;
    const ids = all.map((one) => one.id).reverse();
    return addOp(draft, { op: 'reap', ids, moved_to: to });
  });
  if (!resolved.ok) return resolved;
  return departure ? ok({ ...departure, resolved: resolved.value }) : tooMany(id);
}

/**
 * The second half: the subtree appears in the other brane, below that parent, with its ids; every version goes on, so that
 * nobody takes an old state for the new one.
 */
export function resolveMoveIn(
  copy: WorkingCopy,
  moved: readonly SceneObject[],
  place: { readonly parent_id: ObjectId; readonly order?: string | undefined },
  context: OpContext,
): Result<Resolved> {
  const [top] = moved;
  const misfit = frozenRefusal(copy) ?? arrivalRefusal(copy, moved, place.parent_id);
  if (misfit) return refused(misfit);
  if (!top) return refuse('op.invalid', 'nothing is moved');
  return drafted(copy, context, undefined, (draft) => {
    const parent = checkParent(copy, place.parent_id);
    if (!parent.ok) return parent;
    if (parent.value.depth + heightOf(moved) > LIMITS.depth_levels) {
      return refuse('object.too_deep', `a tree has at most ${LIMITS.depth_levels} levels`, { id: top.id });
    }
    const order = orderAmong(draft, place.parent_id, top.id, place.order);
    if (!order.ok) return order;
    for (const object of moved) {
      const arrived = { ...object, brane_id: copy.meta.id, version: object.version + 1, seq: context.seq };
      const placed = object === top ? placedBy(arrived, place.parent_id, order.value, context) : arrived;
      const added = addOp(draft, { op: 'create', object: placed });
      if (!added.ok) return added;
    }
    return checkWorld(draft, top.id);
  });
}

/** Only the one that was moved has been touched by whoever moved it. */
function placedBy(
  object: SceneObject,
  parent_id: ObjectId,
  order: string,
  { at, actor }: OpContext,
): SceneObject {
  const placed = { ...object, parent_id, order, updated_at: at, updated_by: actor };
  return actor === object.created_by ? placed : { ...placed, co_edited: true };
}

function frozenRefusal({ meta }: WorkingCopy): Refusal | undefined {
  const { status } = meta;
  if (status === 'live') return undefined;
  return { code: 'brane.frozen', message: `the brane is ${status}`, details: { status } };
}

function arrivalRefusal(
  copy: WorkingCopy,
  moved: readonly SceneObject[],
  parentId: ObjectId,
): Refusal | undefined {
  const { id: braneId } = copy.meta;
  if (copy.size + moved.length > LIMITS.objects_per_brane) {
    return {
      code: 'brane.too_many_objects',
      message: `a brane has at most ${LIMITS.objects_per_brane} objects`,
    };
  }
  const loop = moved.find((object) => object.kind === 'group' && object.link === braneId);
  if (loop)
    return { code: 'object.cycle', message: 'a brane cannot link to itself', details: { id: loop.id } };
  const parent = copy.get(parentId);
  return parentRefusal(copy, parentId) ?? (parent && lockRefusal(copy, parent));
}

function heightOf(moved: readonly SceneObject[]): number {
  const levels = new Map<ObjectId, number>();
  let height = 0;
  for (const { id, parent_id } of moved) {
    const level = ((parent_id !== null && levels.get(parent_id)) || 0) + 1;
    levels.set(id, level);
    height = Math.max(height, level);
  }
  return height;
}

function tooMany(id: ObjectId): Result<never> {
  const max = LIMITS.moved_objects_between_branes;
  return refuse('object.too_many_to_move', `at most ${max} objects move into another brane at once`, {
    id,
    max,
  });
}
