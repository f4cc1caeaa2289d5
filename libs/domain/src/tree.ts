import type { Group, SceneObject } from './entities';
import type { ObjectId } from './ids';
import type { SceneReader } from './scene-reader';

/** Ends a walk up a corrupt tree; no valid one is as deep. */
const MAX_STEPS = 1_000;

/** From the parent up to the root; stops at a missing ancestor. */
export function* ancestors(scene: Pick<SceneReader, 'get'>, object: SceneObject): Generator<SceneObject> {
  let current: SceneObject | undefined = object;
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    if (current.parent_id === null) return;
    current = scene.get(current.parent_id);
    if (current === undefined) return;
    yield current;
  }
}

/** In the tree, and neither it nor an ancestor is marked as deleted (SYNC S1). */
export function isLive(scene: Pick<SceneReader, 'get'>, object: SceneObject): boolean {
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
    for (const child of scene.children(next).toReversed()) stack.push(child);
  }
}

export type HeightCheck = 'fits' | 'too_deep' | 'too_large';

/**
 * Whether the subtree has at most `levels` levels, its root included; `too_large` when it has more than `max` objects, so
 * that finding out would take too long. Walks in the order of `subtree`.
 */
export function checkHeight(scene: SceneReader, id: ObjectId, levels: number, max: number): HeightCheck {
  const stack: { readonly id: ObjectId; readonly level: number }[] = [{ id, level: 1 }];
  let count = 0;
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (next.level > levels) return 'too_deep';
    count += 1;
    if (count > max) return 'too_large';
    if (scene.get(next.id)?.kind !== 'group') continue;
    const level = next.level + 1;
    for (const child of scene.children(next.id).toReversed()) stack.push({ id: child, level });
  }
  return 'fits';
}

/** The object and what hangs below it and is not marked, parents before children and siblings in order. */
export function* liveSubtree(scene: SceneReader, object: SceneObject): Generator<SceneObject> {
  const stack: SceneObject[] = [object];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (next.deleted_at !== undefined) continue;
    yield next;
    if (next.kind === 'block') continue;
    for (const id of scene.children(next.id).toReversed()) {
      const child = scene.get(id);
      if (child) stack.push(child);
    }
  }
}
