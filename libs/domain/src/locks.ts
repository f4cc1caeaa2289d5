import type { SceneObject } from './entities';
import type { ObjectId } from './ids';
import type { Refusal } from './refusal';
import type { SceneReader } from './scene-reader';
import { ancestors } from './tree';

/** Why nothing of the object may be changed, if so: it or something above it is locked. */
export function lockRefusal(scene: SceneReader, object: SceneObject): Refusal | undefined {
  return object.locked ? locked(object.id) : lockAbove(scene, object);
}

/** The same, by what it hangs below alone. */
export function lockAbove(scene: SceneReader, object: SceneObject): Refusal | undefined {
  for (const ancestor of ancestors(scene, object)) if (ancestor.locked) return locked(ancestor.id);
  return undefined;
}

/** Why the object may not be put elsewhere, if so: it is pinned, or what is locked would change. */
export function placeRefusal(scene: SceneReader, object: SceneObject): Refusal | undefined {
  const { id, pinned } = object;
  if (pinned) return { code: 'object.pinned', message: `${id} is pinned`, details: { id } };
  return lockRefusal(scene, object);
}

function locked(id: ObjectId): Refusal {
  return { code: 'object.locked', message: `${id} is locked`, details: { id } };
}
