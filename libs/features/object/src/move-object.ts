import { withReadErrors, withResult } from '@state-server/commit';
import type { BraneId, ObjectId, SceneObject } from '@state-server/domain';
import { type ChangeObject, changeObject } from './change-object';
import type { ObjectDeps } from './create-object';
import { findObject } from './find-object';
import { type WrittenObject, objectIn, originOf, requireVersion } from './written-object';

export interface MoveObject extends ChangeObject {
  readonly parent_id: ObjectId;
  /** Fractional index among the new siblings; without it, last. */
  readonly order?: string;
  /** Where it is to go, if that may be another brane. */
  readonly brane_id?: BraneId;
}

/** Gives the object another parent or place, in its brane or, with all that it holds, in another one (SYNC U3). */
export async function moveObject(deps: ObjectDeps, input: MoveObject): Promise<WrittenObject> {
  const { brane_id } = input;
  if (brane_id !== undefined) {
    const { object } = await findObject(deps.store, input.user_id, input.id);
    const goes = object.brane_id !== brane_id;
    if (goes || (await hasGone(deps, input, brane_id))) {
      return moveBetween(deps, { ...input, brane_id }, goes ? object : undefined);
    }
  }
  return changeObject(deps, input, (object) => {
    const { id, parent_id, order } = input;
    const condition = requireVersion(object, input.if_versions);
    return [{ op: 'move', id, parent_id, ...(order === undefined ? {} : { order }), ...condition }];
  });
}

/** It is there because this very request has brought it there, and its answer was lost. */
async function hasGone({ store }: ObjectDeps, input: MoveObject, braneId: BraneId): Promise<boolean> {
  const key = [braneId, input.user_id, input.op_id];
  const record = await withReadErrors(
    store.read({ label: 'object.move' }, (tx) => tx.get('op_results', key)),
  );
  return record?.transfer !== undefined;
}

/** `object`: as it stands before it goes; without it, it has gone already. */
async function moveBetween(
  { committer }: ObjectDeps,
  input: MoveObject & { readonly brane_id: BraneId },
  object: SceneObject | undefined,
): Promise<WrittenObject> {
  const { id, parent_id, order, brane_id } = input;
  const place = { id, parent_id, ...(order === undefined ? {} : { order }) };
  const condition = object ? requireVersion(object, input.if_versions) : {};
  return withResult(
    (also) => committer.transfer({ ...originOf(input, brane_id), ...place, ...condition, also }),
    async (tx, { ops, epoch, seq, replayed }) => {
      const arrived = ops.find((op) => op.op === 'create' && op.object.id === id);
      const current = arrived?.op === 'create' ? arrived.object : await objectIn(tx, brane_id, id);
      return { object: current, position: { epoch, seq }, replayed };
    },
    input.also,
  );
}
