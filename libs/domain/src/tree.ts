import type { Group, SceneObject } from './entities';
import type { ObjectId } from './ids';
import { LIMITS } from './limits';
import type { SceneReader } from './scene-reader';

/** Ends a walk up a corrupt tree; no valid one is as deep. */
const MAX_STEPS = 1_000;

/** From the parent up to the root; stops at a missing ancestor. */
export function* ancestors(scene: SceneReader, object: SceneObject): Generator<SceneObject> {
  let current: SceneObject | undefined = object;
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    if (current.parent_id === null) return;
    current = scene.get(current.parent_id);
    if (current === undefined) return;
    yield current;
  }
}

/** In the tree, and neither it nor an ancestor is marked as deleted (SYNC S1). */
export function isLive(scene: SceneReader, object: SceneObject): boolean {
  if (object.deleted_at !== undefined) return false;
  let top = object;
  for (const ancestor of ancestors(scene, object)) {
    if (ancestor.deleted_at !== undefined) return false;
    top = ancestor;
  }
  return top.parent_id === null;
}

/** The object, when it is there and not deleted. */
export function liveObject(scene: SceneReader, id: ObjectId): SceneObject | undefined {
  const object = scene.get(id);
  return object && isLive(scene, object) ? object : undefined;
}

/** True for the object itself and for everything below it. */
export function isWithin(scene: SceneReader, object: SceneObject, rootId: ObjectId): boolean {
  if (object.id === rootId) return true;
  for (const ancestor of ancestors(scene, object)) if (ancestor.id === rootId) return true;
  return false;
}

/** Levels from the root down to the object, both counted. */
export function depthOf(scene: SceneReader, object: SceneObject): number {
  let depth = 1;
  for (const _ of ancestors(scene, object)) depth += 1;
  return depth;
}

/** A group that may have children of its own: not a link to another brane (SYNC S7). */
export function canHaveChildren(object: SceneObject): object is Group {
  return object.kind === 'group' && object.link === undefined;
}

/**
 * The object and everything below it, marked ones included, parents before children and siblings in order; at most `max`
 * of them. Yields nothing for an unknown id.
 */
export function* subtree(
  scene: SceneReader,
  id: ObjectId,
  max: number = Number.POSITIVE_INFINITY,
): Generator<SceneObject> {
  const stack: ObjectId[] = [id];
  let count = 0;
  for (let next = stack.pop(); next !== undefined && count < max; next = stack.pop()) {
    const object = scene.get(next);
    if (!object) continue;
    count += 1;
    yield object;
    if (object.kind === 'block') continue;
    const children = scene.children(next);
    for (let index = children.length - 1; index >= 0; index -= 1) {
      const child = children[index];
      if (child !== undefined) stack.push(child);
    }
  }
}

export type HeightCheck = 'fits' | 'too_deep' | 'too_large';

/** Whether the subtree has at most `levels` levels, its root included; `too_large` when that takes too long to find out. */
export function checkHeight(scene: SceneReader, id: ObjectId, levels: number): HeightCheck {
  let level: ObjectId[] = [id];
  let seen = 0;
  for (let height = 0; level.length > 0; height += 1) {
    if (height >= levels) return 'too_deep';
    const below: ObjectId[] = [];
    for (const current of level) {
      if (scene.get(current)?.kind !== 'group') continue;
      const children = scene.children(current);
      seen += children.length;
      if (seen > LIMITS.deepened_objects_per_op) return 'too_large';
      for (const child of children) below.push(child);
    }
    level = below;
  }
  return 'fits';
}
