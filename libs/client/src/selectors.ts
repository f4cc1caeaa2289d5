import type { ObjectId, SceneObject, SceneReader } from '@state-server/domain';

/** The object and everything below it, parents first, in sibling order; deleted subtrees are left out. Nothing is copied. */
export function* walk(scene: SceneReader, from: ObjectId): Generator<SceneObject> {
  const object = scene.get(from);
  if (!object || object.deleted_at !== undefined) return;
  yield object;
  for (const child of scene.children(from)) yield* walk(scene, child);
}

/** The direct children that are there, in sibling order. */
export function* childrenOf(scene: SceneReader, id: ObjectId): Generator<SceneObject> {
  for (const child of scene.children(id)) {
    const object = scene.get(child);
    if (object && object.deleted_at === undefined) yield object;
  }
}

/** Those of the subtree that the predicate picks. */
export function* select(
  scene: SceneReader,
  from: ObjectId,
  predicate: (object: SceneObject) => boolean,
): Generator<SceneObject> {
  for (const object of walk(scene, from)) if (predicate(object)) yield object;
}

/** From the object up to the brane's root. */
export function* ancestors(scene: SceneReader, id: ObjectId): Generator<SceneObject> {
  for (let object = scene.get(id); object;) {
    yield object;
    object = object.parent_id === null ? undefined : scene.get(object.parent_id);
  }
}
