import type { Actor, Position } from '@state-server/commit';
import type { BraneId, ObjectId, OpId, SceneObject, UserId } from '@state-server/domain';
import type { ReadTransaction, Transaction } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';

/** Who writes, and under which op id (SYNC I1). */
export interface ObjectWriter {
  readonly user_id: UserId;
  readonly op_id: OpId;
  readonly trace_id?: string;
}

/** An object after a write, and the place of that write in the brane's log. */
export interface WrittenObject {
  readonly object: SceneObject;
  readonly position: Position;
  /** True when this op id had been committed before and nothing was written now. */
  readonly replayed: boolean;
}

/** Further writes of the caller in the transaction of the write itself; may run several times. */
export type Also<T> = (tx: Transaction, written: T) => Promise<void>;

/** What every request to the write path says of its origin. */
export function originOf(
  { user_id, op_id, trace_id }: ObjectWriter,
  braneId: BraneId,
): {
  readonly brane_id: BraneId;
  readonly actor: Actor;
  readonly op_id: OpId;
  readonly trace_id?: string;
} {
  const origin = { brane_id: braneId, actor: { kind: 'user', user_id }, op_id } as const;
  return trace_id === undefined ? origin : { ...origin, trace_id };
}

/** The object as the transaction leaves it. */
export async function objectIn(tx: ReadTransaction, braneId: BraneId, id: ObjectId): Promise<SceneObject> {
  const doc = await tx.get('objects', [braneId, id]);
  if (!doc) throw fail('object.not_found', { id });
  return doc.object;
}

/** Refuses a version that the writer did not name; answers the one that the op is then tied to. */
export function requireVersion(
  object: SceneObject,
  wanted: readonly number[] | undefined,
): { readonly if_version?: number } {
  if (wanted === undefined) return {};
  if (!wanted.includes(object.version)) {
    throw fail('object.version_mismatch', { id: object.id, version: object.version });
  }
  return { if_version: object.version };
}
