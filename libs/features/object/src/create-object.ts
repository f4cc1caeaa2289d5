import { type Committer, readObject } from '@state-server/commit';
import type { BraneId, NewObject, ObjectId, SceneObject } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import { authoriseInBrane } from './authorise-object';
import { type Also, type ObjectWriter, type Written, type WrittenObject, positionOf } from './written-object';

export interface ObjectDeps {
  readonly store: Store;
  readonly committer: Committer;
}

export interface CreateObject extends ObjectWriter {
  readonly brane_id: BraneId;
  /** With its id, so that a retry means the same object. */
  readonly object: NewObject & { readonly id: ObjectId };
  readonly also?: Also<WrittenObject>;
}

/** Makes a group or a block. Throws `brane.not_found`, `permission.denied`, and what the rules refuse. */
export async function createObject(deps: ObjectDeps, input: CreateObject): Promise<Written<WrittenObject>> {
  const { user_id, op_id, brane_id, object, also, trace_id } = input;
  await authoriseInBrane(deps.store, user_id, brane_id);
  const committed = await deps.committer.edit({
    brane_id,
    actor: { kind: 'user', user_id },
    op_id,
    ops: [{ op: 'create', object }],
    ...(trace_id === undefined ? {} : { trace_id }),
    ...(also && {
      also: (tx, outcome) =>
        also(tx, { object: createdIn(outcome.ops, object.id), position: positionOf(outcome) }),
    }),
  });
  const { replayed } = committed;
  const made = committed.ops.find((op) => op.op === 'create');
  const current = made?.object ?? (await readObject(deps.store, object.id))?.object;
  if (!current) throw fail('object.not_found', { id: object.id });
  return { object: current, position: positionOf(committed), replayed };
}

function createdIn(
  ops: readonly { readonly op: string; readonly object?: SceneObject }[],
  id: ObjectId,
): SceneObject {
  const made = ops.find((op) => op.op === 'create' && op.object?.id === id)?.object;
  if (!made) throw new Error(`the log entry does not hold the creation of ${id}`);
  return made;
}
