import type { SceneObject } from './entities';
import { applyBraneOp } from './brane';
import type { ObjectId } from './ids';
import type { BraneOp, Op, OpContext } from './ops';
import { ok, refuse, type Refusal, type Result } from './refusal';
import type { SceneReader } from './scene-reader';
import type { SceneWriter } from './scene-writer';
import { created, reordered, touch, type TouchOp } from './touch';
import { canHaveChildren, isLive, isWithin, liveObject } from './tree';

/**
 * The one reducer: what a resolved op makes of a scene, the same on every machine. Total: everything is checked before the
 * first write, so the op is applied as a whole or refused with a code. It guards the shape of the tree, not the limits,
 * the rights or the conditions of a request: those were settled when the op was resolved.
 */
export function applyOp(scene: SceneWriter, op: Op, context: OpContext): Result<void> {
  switch (op.op) {
    case 'create':
      return applyCreate(scene, op.object, context);
    case 'update':
    case 'transform':
    case 'move':
    case 'delete':
    case 'undelete':
      return applyTouch(scene, op, context);
    case 'reorder':
      return applyReorder(scene, op, context);
    case 'reap':
      return applyReap(scene, op.ids);
    case 'set_brane':
    case 'set_member':
    case 'set_status':
      return applyToMeta(scene, op, context);
    default:
      return refuse('op.unsupported', `unknown op ${String((op as { readonly op?: unknown }).op)}`);
  }
}

/** Why nothing can be put below this object, if so: it is away, a block, or a link to another brane (SYNC S7). */
export function parentRefusal(scene: SceneReader, parentId: ObjectId): Refusal | undefined {
  const parent = liveObject(scene, parentId);
  if (!parent) return notFound(parentId);
  if (canHaveChildren(parent)) return undefined;
  return {
    code: 'object.not_a_group',
    message: `${parentId} cannot have children`,
    details: { id: parentId },
  };
}

export function notFound(id: ObjectId): Refusal {
  return { code: 'object.not_found', message: `there is no object ${id}`, details: { id } };
}

function refused(refusal: Refusal): Result<never> {
  return { ok: false, refusal };
}

function applyCreate(scene: SceneWriter, object: SceneObject, context: OpContext): Result<void> {
  if (scene.get(object.id)) {
    return refuse('object.exists', `there is an object ${object.id} already`, { id: object.id });
  }
  const isRoot = object.id === scene.meta.id;
  const isFit =
    object.brane_id === scene.meta.id &&
    (object.parent_id === null) === isRoot &&
    (object.kind === 'group' && object.is_brane) === isRoot;
  if (!isFit) return refuse('op.invalid', 'the object does not belong into this brane', { id: object.id });
  if (object.parent_id !== null) {
    const refusal = parentRefusal(scene, object.parent_id);
    if (refusal) return refused(refusal);
  }
  scene.put(created(object, context));
  return ok(undefined);
}

function applyTouch(scene: SceneWriter, op: TouchOp, context: OpContext): Result<void> {
  const object = scene.get(op.id);
  if (!object) return refused(notFound(op.id));
  const refusal = targetRefusal(scene, object, op);
  if (refusal) return refused(refusal);
  const next = touch(object, op, context);
  if (!next.ok) return next;
  scene.put(next.value);
  return ok(undefined);
}

/** What the tree has against this op on this object. */
function targetRefusal(scene: SceneReader, object: SceneObject, op: TouchOp): Refusal | undefined {
  const root = op.op === 'update' ? undefined : rootRefusal(object);
  if (root) return root;
  if (op.op === 'undelete')
    return object.parent_id === null ? undefined : parentRefusal(scene, object.parent_id);
  if (!isLive(scene, object)) return notFound(op.id);
  return op.op === 'move' ? moveRefusal(scene, op.id, op.parent_id) : undefined;
}

/** Why nothing but its fields can change, if so: it is the root, which stays for as long as the brane does (SYNC S7). */
export function rootRefusal({ id, parent_id }: SceneObject): Refusal | undefined {
  if (parent_id !== null) return undefined;
  return { code: 'object.is_root', message: 'the root of a brane stays where it is', details: { id } };
}

/** Why the object cannot hang below that parent; found by walking up from there, never down (SYNC S1). */
export function moveRefusal(scene: SceneReader, id: ObjectId, parentId: ObjectId): Refusal | undefined {
  const refusal = parentRefusal(scene, parentId);
  if (refusal) return refusal;
  const parent = scene.get(parentId);
  if (!parent || !isWithin(scene, parent, id)) return undefined;
  return {
    code: 'object.cycle',
    message: `${id} cannot move into itself or into what is below it`,
    details: { id, parent_id: parentId },
  };
}

function applyReorder(
  scene: SceneWriter,
  op: Extract<Op, { readonly op: 'reorder' }>,
  context: OpContext,
): Result<void> {
  const next: SceneObject[] = [];
  for (const [id, order] of Object.entries(op.orders)) {
    const object = scene.get(id as ObjectId);
    if (!object) return refused(notFound(id as ObjectId));
    if (object.parent_id !== op.parent_id) {
      return refuse('op.invalid', `${id} is not a child of ${op.parent_id}`, { id });
    }
    next.push(reordered(object, order, context));
  }
  for (const object of next) scene.put(object);
  return ok(undefined);
}

/** What is not there is gone already. Nothing live goes, and nothing is left without its parent. */
function applyReap(scene: SceneWriter, ids: readonly ObjectId[]): Result<void> {
  const going = new Set(ids);
  for (const id of going) {
    const object = scene.get(id);
    if (!object) continue;
    if (isLive(scene, object)) return refuse('object.not_deleted', `${id} is not deleted`, { id });
    if (scene.children(id).some((child) => !going.has(child))) {
      return refuse('op.invalid', `${id} still has children`, { id });
    }
  }
  for (const id of going) scene.remove(id);
  return ok(undefined);
}

function applyToMeta(scene: SceneWriter, op: BraneOp, context: OpContext): Result<void> {
  const meta = applyBraneOp(scene.meta, op, context);
  if (!meta.ok) return meta;
  scene.setMeta(meta.value);
  return ok(undefined);
}
