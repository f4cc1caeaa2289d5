import type { ObjectId, Op, OpId, UserId } from '@state-server/domain';

/** What of an object an op writes: a pointer, or one of the aspects that have their own op. */
export type WrittenField = string;

export interface Overwrite {
  /** Our edit. */
  readonly opId: OpId;
  readonly id: ObjectId;
  readonly field: WrittenField;
  /** Who came after us. */
  readonly by: UserId;
}

/** Own writes that are remembered, newest last; older ones are history, not surprises. */
const REMEMBERED = 500;

/** Tells when somebody else's later edit replaced what we had just written: last writer wins, but nobody is left guessing. */
export class Overwrites {
  private readonly own = new Map<string, OpId>();

  /** Our entry is in the log. */
  wrote(opId: OpId, ops: readonly Op[]): void {
    for (const { key } of writes(ops)) {
      this.own.delete(key);
      this.own.set(key, opId);
    }
    for (const key of this.own.keys()) {
      if (this.own.size <= REMEMBERED) break;
      this.own.delete(key);
    }
  }

  /** Somebody else's entry is in the log after ours. */
  others(by: UserId, ops: readonly Op[]): Overwrite[] {
    const found: Overwrite[] = [];
    for (const { key, id, field } of writes(ops)) {
      const opId = this.own.get(key);
      if (opId === undefined) continue;
      this.own.delete(key);
      found.push({ opId, id, field, by });
    }
    return found;
  }
}

function* writes(ops: readonly Op[]): Generator<{ key: string; id: ObjectId; field: WrittenField }> {
  for (const op of ops) {
    if (!('id' in op)) continue;
    for (const field of fieldsOf(op)) yield { key: `${op.id} ${field}`, id: op.id, field };
  }
}

function fieldsOf(op: Op): readonly WrittenField[] {
  switch (op.op) {
    case 'update':
      return [...Object.keys(op.set), ...op.unset];
    case 'transform':
      return ['transform'];
    case 'move':
      return ['place'];
    case 'delete':
    case 'undelete':
      return ['existence'];
    default:
      return [];
  }
}
