import type { BraneId, ObjectId } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import { type ChangeObject, changeObject } from './change-object';
import type { ObjectDeps } from './create-object';
import { type WrittenObject, requireVersion } from './written-object';

export interface MoveObject extends ChangeObject {
  readonly parent_id: ObjectId;
  /** Fractional index among the new siblings; without it, last. */
  readonly order?: string;
  /** Where it is to go, if that may be another brane. */
  readonly brane_id?: BraneId;
}

/** Gives the object another parent or place within its brane. Into another brane: `op.unsupported`. */
export async function moveObject(deps: ObjectDeps, input: MoveObject): Promise<WrittenObject> {
  return changeObject(deps, input, (object) => {
    const { id, parent_id, order, brane_id } = input;
    if (brane_id !== undefined && brane_id !== object.brane_id) {
      throw fail('op.unsupported', { brane_id }, 'Objects cannot be moved into another brane yet.');
    }
    const condition = requireVersion(object, input.if_versions);
    return [{ op: 'move', id, parent_id, ...(order === undefined ? {} : { order }), ...condition }];
  });
}
