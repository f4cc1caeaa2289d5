import type { BraneMeta, SceneObject } from './entities';
import type { ObjectId } from './ids';
import type { SceneReader } from './scene-reader';

/**
 * What the reducer needs of a scene in order to change it: raw writes, without any rule. `Scene` and `WorkingCopy` are
 * such; the index of children follows `parent_id` and `order` of what is put.
 *
 * A replica that holds only part of a brane decides edits on a `WorkingCopy` over itself, where what is missing is loaded
 * first. It follows the log differently: an entry is a fact, there is nothing to decide, and what it does not hold it can
 * skip. It does so op by op with the steps that the reducer is made of:
 * - update, transform, move, delete, undelete: when the object is held, put what `touch(object, op, context)` answers;
 * - create: put `created(op.object, context)` where its parent's children are held;
 * - reorder: `reordered(object, order, context)` for each id that is held;
 * - reap: drop the ids; set_brane, set_member, set_status: `applyBraneOp(meta, op, context)`.
 */
export interface SceneWriter extends SceneReader {
  /** Inserts the object, or replaces the one of that id. */
  put(object: SceneObject): void;
  /** Takes the object away; its children must be gone or go as well. Unknown ids are ignored. */
  remove(id: ObjectId): void;
  setMeta(meta: BraneMeta): void;
}
