import { authoriseInBrane, type Committer, withResult } from '@state-server/commit';
import type { BraneId, NewObject, ObjectId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { type Also, type ObjectWriter, type WrittenObject, objectIn, originOf } from './written-object';

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
export async function createObject(deps: ObjectDeps, input: CreateObject): Promise<WrittenObject> {
  const { user_id, brane_id, object } = input;
  await authoriseInBrane(deps.store, user_id, brane_id, 'brane.edit');
  return withResult(
    (also) => deps.committer.edit({ ...originOf(input, brane_id), ops: [{ op: 'create', object }], also }),
    async (tx, { ops, epoch, seq, replayed }) => {
      const made = ops.find((op) => op.op === 'create')?.object;
      const current = made ?? (await objectIn(tx, brane_id, object.id));
      return { object: current, position: { epoch, seq }, replayed };
    },
    input.also,
  );
}
