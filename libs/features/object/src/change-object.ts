import { readObject } from '@state-server/commit';
import type { ClientOp, ObjectId, SceneObject } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { ObjectDeps } from './create-object';
import { findObject } from './find-object';
import {
  type Also,
  type ObjectWriter,
  type Written,
  type WrittenObject,
  objectIn,
  positionOf,
} from './written-object';

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
): Promise<Written<WrittenObject>> {
  const { user_id, op_id, id, also, trace_id } = input;
  const { object, meta } = await findObject(deps.store, user_id, id);
  const committed = await deps.committer.edit({
    brane_id: meta.id,
    actor: { kind: 'user', user_id },
    op_id,
    ops: opsFor(object),
    ...(trace_id === undefined ? {} : { trace_id }),
    ...(also && {
      also: async (tx, outcome) =>
        also(tx, { object: await objectIn(tx, meta.id, id), position: positionOf(outcome) }),
    }),
  });
  const view = await readObject(deps.store, id);
  if (!view) throw fail('object.not_found', { id });
  return { object: view.object, position: positionOf(committed), replayed: committed.replayed };
}
