import { applyOp } from './apply-op';
import type { BraneMeta, SceneObject } from './entities';
import type { ObjectId } from './ids';
import type { Op, OpContext } from './ops';
import { compareSiblings, siblingIndex } from './order';
import { ok, type Result } from './refusal';
import type { SceneWriter } from './scene-writer';
import { isLive } from './tree';
import { WorkingCopy } from './working-copy';

const NONE: readonly ObjectId[] = [];

/** A whole brane in memory. What it hands out is its own: not to be written into, and lists change with the next op. */
export class Scene implements SceneWriter {
  private readonly byId = new Map<ObjectId, SceneObject>();
  private readonly childrenOf = new Map<ObjectId, ObjectId[]>();
  private braneMeta: BraneMeta;

  constructor(meta: BraneMeta, objects: Iterable<SceneObject>) {
    this.braneMeta = meta;
    for (const object of objects) this.byId.set(object.id, object);
    for (const object of [...this.byId.values()].sort(compareSiblings)) this.listOf(object)?.push(object.id);
  }

  get meta(): BraneMeta {
    return this.braneMeta;
  }

  get size(): number {
    return this.byId.size;
  }

  get(id: ObjectId): SceneObject | undefined {
    return this.byId.get(id);
  }

  children(id: ObjectId): readonly ObjectId[] {
    return this.childrenOf.get(id) ?? NONE;
  }

  /** All objects, marked ones included, in no particular order. */
  objects(): IterableIterator<SceneObject> {
    return this.byId.values();
  }

  /** True when the object is not there, or is marked itself or through an ancestor (SYNC S1). */
  isDeleted(id: ObjectId): boolean {
    const object = this.byId.get(id);
    return object === undefined || !isLive(this, object);
  }

  /** Applies one logged op; on a refusal nothing has changed. */
  apply(op: Op, context: OpContext): Result<void> {
    return applyOp(this, op, context);
  }

  /** Applies the ops of one log entry: all of them, or on a refusal none (SYNC L1). */
  applyAll(ops: readonly Op[], context: OpContext): Result<void> {
    if (ops.length > 1) {
      // The reducer is deterministic: what a copy lets pass cannot be refused here.
      const rehearsal = new WorkingCopy(this);
      for (const op of ops) {
        const result = rehearsal.apply(op, context);
        if (!result.ok) return result;
      }
    }
    for (const op of ops) {
      const result = this.apply(op, context);
      if (!result.ok) return result;
    }
    return ok(undefined);
  }

  put(object: SceneObject): void {
    const before = this.byId.get(object.id);
    const stays = before?.parent_id === object.parent_id && before.order === object.order;
    if (before && !stays) this.unlink(before);
    this.byId.set(object.id, object);
    if (stays) return;
    const list = this.listOf(object);
    list?.splice(this.indexIn(list, object), 0, object.id);
  }

  remove(id: ObjectId): void {
    const before = this.byId.get(id);
    if (!before) return;
    this.unlink(before);
    this.byId.delete(id);
    if (this.childrenOf.get(id)?.length === 0) this.childrenOf.delete(id);
  }

  setMeta(meta: BraneMeta): void {
    this.braneMeta = meta;
  }

  private unlink(object: SceneObject): void {
    const list = this.listOf(object);
    if (!list) return;
    const index = this.indexIn(list, object);
    if (list[index] === object.id) list.splice(index, 1);
  }

  private indexIn(list: readonly ObjectId[], object: SceneObject): number {
    return siblingIndex(list, object, (id) => (id === object.id ? object : this.byId.get(id)));
  }

  private listOf(object: SceneObject): ObjectId[] | undefined {
    if (object.parent_id === null) return undefined;
    let list = this.childrenOf.get(object.parent_id);
    if (!list) {
      list = [];
      this.childrenOf.set(object.parent_id, list);
    }
    return list;
  }
}

/** A brane before its first log entry, which creates the root. */
export function emptyScene(meta: BraneMeta): Scene {
  return new Scene(meta, []);
}
