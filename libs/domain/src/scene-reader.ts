import type { BraneMeta, SceneObject } from './entities';
import type { ObjectId } from './ids';

/**
 * What the rules read of a brane. A full scene answers from memory; the write path's partial replica throws its own
 * signal when something is not loaded yet, loads it and runs the rule again, so rules stay synchronous and pure.
 */
export interface SceneReader {
  readonly meta: BraneMeta;
  /** Objects in the brane, those marked as deleted included. */
  readonly size: number;
  /** The object, marked or not; undefined when the brane has none of that id. */
  get(id: ObjectId): SceneObject | undefined;
  /** Ids of the direct children in sibling order, marked ones included; empty for a block or an unknown id. */
  children(id: ObjectId): readonly ObjectId[];
}
