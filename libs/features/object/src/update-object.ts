import type { ClientOp, Pointer, Transform, Value } from '@state-server/domain';
import { type ChangeObject, changeObject } from './change-object';
import type { ObjectDeps } from './create-object';
import { type WrittenObject, requireVersion } from './written-object';

export interface UpdateObject extends ChangeObject {
  /** By JSON Pointer, from the table of settable fields (SYNC S4). */
  readonly set?: Readonly<Record<Pointer, Value>>;
  readonly unset?: readonly Pointer[];
  readonly transform?: Transform;
}

/** Sets and unsets fields, and the transform, in one edit. Throws `object.not_found` and what the rules refuse. */
export async function updateObject(deps: ObjectDeps, input: UpdateObject): Promise<WrittenObject> {
  return changeObject(deps, input, (object) => {
    const condition = requireVersion(object, input.if_versions);
    const { id, set, unset, transform } = input;
    const ops: ClientOp[] = [];
    if (set !== undefined || unset !== undefined) {
      ops.push({ op: 'update', id, ...(set && { set }), ...(unset && { unset }), ...condition });
    }
    // The condition stands on the first op alone: that one already raises the version.
    if (transform) ops.push({ op: 'transform', id, transform, ...(ops.length === 0 ? condition : {}) });
    return ops;
  });
}
