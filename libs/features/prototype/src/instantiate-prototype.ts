import { type Actor, authoriseInBrane, type Position, withResult } from '@state-server/commit';
import {
  type BraneId,
  type InstanceOverrides,
  type ObjectId,
  type OpId,
  type PrototypeId,
  type SceneObject,
  type Transform,
  type UserId,
} from '@state-server/domain';
import type { Transaction } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import type { PrototypeDeps } from './prototype-deps';

export interface NewInstance {
  /** The root, as the entry left it. */
  readonly object: SceneObject;
  readonly position: Position;
  readonly replayed: boolean;
}

export interface InstantiatePrototype {
  readonly user_id: UserId;
  readonly op_id: OpId;
  readonly trace_id?: string;
  readonly brane_id: BraneId;
  readonly prototype_id: PrototypeId;
  /** Of the root, so that a retry means the same object. */
  readonly id: ObjectId;
  readonly parent_id: ObjectId;
  readonly order?: string;
  readonly transform?: Transform;
  readonly version?: number;
  readonly overrides?: InstanceOverrides;
  readonly also?: (tx: Transaction, made: NewInstance) => Promise<void>;
}

/** Makes an instance, whatever it holds, in one edit. Throws what the rules of instances and of branes refuse. */
export async function instantiatePrototype(
  deps: PrototypeDeps,
  input: InstantiatePrototype,
): Promise<NewInstance> {
  const { user_id, op_id, trace_id, brane_id, also, ...op } = input;
  await authoriseInBrane(deps.store, user_id, brane_id, 'brane.edit');
  const actor: Actor = { kind: 'user', user_id };
  const origin = { brane_id, actor, op_id, ...(trace_id === undefined ? {} : { trace_id }) };
  return withResult(
    (hook) => deps.committer.edit({ ...origin, ops: [{ op: 'instantiate', ...op }], also: hook }),
    async (tx, { ops, epoch, seq, replayed }) => {
      const made = ops.find((each) => each.op === 'create')?.object;
      const object = made ?? (await tx.get('objects', [brane_id, op.id]))?.object;
      if (!object) throw fail('object.not_found', { id: op.id });
      return { object, position: { epoch, seq }, replayed };
    },
    also,
  );
}
