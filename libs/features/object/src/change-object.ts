import { withResult } from '@state-server/commit';
import type { ClientOp, ObjectId, SceneObject } from '@state-server/domain';
import type { ObjectDeps } from './create-object';
import { findObject } from './find-object';
import { type Also, type ObjectWriter, type WrittenObject, objectIn, originOf } from './written-object';

export interface ChangeObject extends ObjectWriter {
  readonly id: ObjectId;
  /** The object must be at one of these versions; without it, whatever its version is. */
  readonly if_versions?: readonly number[];
  readonly also?: Also<WrittenObject>;
}

/** One edit of one object that the user sees: finds it, commits the ops that are made for it, answers what it is then. */
export async function changeObject(
  deps: ObjectDeps,
  input: ChangeObject,
  opsFor: (object: SceneObject) => readonly ClientOp[],
): Promise<WrittenObject> {
  const { object, meta } = await findObject(deps.store, input.user_id, input.id);
  const ops = opsFor(object);
  return withResult(
    (also) => deps.committer.edit({ ...originOf(input, meta.id), ops, also }),
    async (tx, { epoch, seq, replayed }) => ({
      object: await objectIn(tx, meta.id, input.id),
      position: { epoch, seq },
      replayed,
    }),
    input.also,
  );
}
