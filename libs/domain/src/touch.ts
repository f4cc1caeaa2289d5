import type { SceneObject } from './entities';
import { setPointers } from './fields';
import { toTransform } from './matrix';
import type { Op, OpContext } from './ops';
import { ok, refuse, type Result } from './refusal';

/** Ops that change one object that is there already. */
export type TouchOp = Extract<Op, { readonly op: 'update' | 'transform' | 'move' | 'delete' | 'undelete' }>;

/**
 * The object after the op, by looking at nothing but the object. Its version must be the op's predecessor: otherwise the
 * op was resolved against another state, and applying it would hide that (`object.version_mismatch`).
 */
export function touch(object: SceneObject, op: TouchOp, context: OpContext): Result<SceneObject> {
  if (op.version !== object.version + 1) {
    return refuse(
      'object.version_mismatch',
      `${op.op} makes version ${op.version} of version ${object.version}`,
      {
        id: object.id,
        expected: op.version - 1,
        actual: object.version,
      },
    );
  }
  const changed = change(object, op, context);
  return changed.ok ? ok(stamp(changed.value, op.version, context)) : changed;
}

function change(object: SceneObject, op: TouchOp, context: OpContext): Result<SceneObject> {
  switch (op.op) {
    case 'update':
      return setPointers(object, op.set, op.unset);
    case 'transform': {
      const transform = toTransform(op.transform);
      return transform.ok ? ok({ ...object, transform: transform.value }) : transform;
    }
    case 'move':
      return ok({ ...object, parent_id: op.parent_id, order: op.order });
    case 'delete':
      return ok({ ...object, deleted_at: context.at });
    case 'undelete': {
      if (object.deleted_at === undefined) {
        return refuse('object.not_deleted', `${object.id} is not deleted`, { id: object.id });
      }
      const { deleted_at: _, ...live } = object;
      return ok(live);
    }
  }
}

function stamp(object: SceneObject, version: number, { seq, at, actor }: OpContext): SceneObject {
  const stamped = { ...object, version, seq, updated_at: at, updated_by: actor };
  // Once set it stays (SYNC U1).
  return actor === object.created_by ? stamped : { ...stamped, co_edited: true };
}

/** The object that a create brings in. */
export function created(object: SceneObject, context: OpContext): SceneObject {
  return object.seq === context.seq ? object : { ...object, seq: context.seq };
}

/** The object at its re-spread order key: same place, so neither version nor author change (SYNC S6). */
export function reordered(object: SceneObject, order: string, context: OpContext): SceneObject {
  return { ...object, order, seq: context.seq };
}
