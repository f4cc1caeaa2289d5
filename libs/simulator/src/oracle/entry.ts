import type { BraneMeta, ObjectId, Op, OpId, SceneObject, UserId } from '@state-server/domain';
import type { LogDoc } from '@state-server/persistence-port';

/** One log entry as the oracle keeps it. */
export interface KnownEntry {
  readonly seq: number;
  readonly opId: OpId;
  readonly actor: UserId;
  readonly kind: LogDoc['kind'];
  readonly at: string;
  readonly ops: readonly Op[];
  readonly frame: Uint8Array;
  /** What each object that it touched was like: before it, and after each of its ops. */
  readonly states: ReadonlyMap<ObjectId, readonly (SceneObject | undefined)[]>;
}

/** From this seq on the brane was like that. */
export interface KnownMeta {
  readonly seq: number;
  readonly meta: BraneMeta;
}

/** Ids of the objects that an op writes. */
export function touchedBy(op: Op): readonly ObjectId[] {
  switch (op.op) {
    case 'create':
      return [op.object.id];
    case 'update':
    case 'transform':
    case 'move':
    case 'delete':
    case 'undelete':
      return [op.id];
    case 'reorder':
      return Object.keys(op.orders) as ObjectId[];
    case 'reap':
      return op.ids;
    case 'set_brane':
    case 'set_member':
    case 'set_status':
      return [];
  }
}
