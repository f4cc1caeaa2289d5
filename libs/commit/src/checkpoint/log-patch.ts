import {
  applyBraneOp,
  type BraneMeta,
  type BraneOp,
  created,
  type ObjectId,
  type Op,
  type OpContext,
  reordered,
  type SceneObject,
  touch,
} from '@state-server/domain';
import type { BraneMessage } from '../committer';
import { decodeEntry } from '../frame';

/** The log does not lead on from the state that it was applied to: that state is not what it was taken for. */
export class Diverged extends Error {
  constructor(id: string, seq: number, why: string) {
    super(`the log does not fit the state at ${id}, seq ${seq}: ${why}`);
    this.name = 'Diverged';
  }
}

type ObjectOp = Exclude<Op, BraneOp>;

interface Step {
  readonly op: ObjectOp;
  readonly context: OpContext;
}

/**
 * A stretch of the log, sorted by the objects that it touches, so that each can be brought on by itself: an op changes
 * only the objects that it names, and the log holds facts, so nothing about the tree has to be asked.
 *
 * An object that holds more of the log already (it was read later than the rest) says so by its `seq`, and only what came
 * after that is applied. Thus objects that were read at different moments all come to stand at the same one.
 */
export class LogPatch {
  entries = 0;
  /** Of all frames. */
  bytes = 0;
  private readonly steps = new Map<ObjectId, Step[]>();

  /** `seq` and `meta` are those of the state before, then those after what was added. */
  constructor(
    public seq: number,
    public meta: BraneMeta,
  ) {}

  add(message: BraneMessage): void {
    const { seq, at, actor, ops } = decodeEntry(message.frame);
    if (seq !== this.seq + 1) throw new Diverged('the log', seq, `it follows on ${this.seq}`);
    const context = { seq, at, actor };
    for (const op of ops) this.addOp(op, context);
    this.seq = seq;
    this.entries += 1;
    this.bytes += message.frame.byteLength;
  }

  /** In the order of the ids. */
  ids(): ObjectId[] {
    return [...this.steps.keys()].sort();
  }

  /** The object as this stretch leaves it. `lost` collects the ids of which it lacks what it needs to know that. */
  bring(id: ObjectId, before: SceneObject | undefined, lost: Set<ObjectId>): SceneObject | undefined {
    let object = before;
    for (const step of this.steps.get(id) ?? []) {
      if (before && before.seq >= step.context.seq) continue;
      object = follow(object, id, step, lost);
    }
    return object;
  }

  private addOp(op: Op, context: OpContext): void {
    switch (op.op) {
      case 'create':
        return this.addStep(op.object.id, { op, context });
      case 'update':
      case 'transform':
      case 'move':
      case 'delete':
      case 'undelete':
        return this.addStep(op.id, { op, context });
      case 'reorder':
        for (const id of Object.keys(op.orders)) this.addStep(id as ObjectId, { op, context });
        return;
      case 'reap':
        for (const id of op.ids) this.addStep(id, { op, context });
        return;
      case 'set_brane':
      case 'set_member':
      case 'set_status': {
        const meta = applyBraneOp(this.meta, op, context);
        if (!meta.ok) throw new Diverged(this.meta.id, context.seq, meta.refusal.code);
        this.meta = meta.value;
        return;
      }
      default:
        op satisfies never;
    }
  }

  private addStep(id: ObjectId, step: Step): void {
    const known = this.steps.get(id);
    if (known) known.push(step);
    else this.steps.set(id, [step]);
  }
}

function follow(
  object: SceneObject | undefined,
  id: ObjectId,
  { op, context }: Step,
  lost: Set<ObjectId>,
): SceneObject | undefined {
  switch (op.op) {
    case 'create':
      lost.delete(id);
      return created(op.object, context);
    case 'reap':
      lost.delete(id);
      return undefined;
    case 'reorder': {
      const order = op.orders[id];
      if (object && order !== undefined) return reordered(object, order, context);
      lost.add(id);
      return object;
    }
    case 'update':
    case 'transform':
    case 'move':
    case 'delete':
    case 'undelete': {
      if (!object) {
        lost.add(id);
        return undefined;
      }
      const after = touch(object, op, context);
      if (!after.ok) throw new Diverged(id, context.seq, after.refusal.code);
      return after.value;
    }
    default:
      return op satisfies never;
  }
}
