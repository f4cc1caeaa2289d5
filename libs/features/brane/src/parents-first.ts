import type { ObjectId, SceneObject } from '@state-server/domain';

/**
 * The objects in an order in which each stands behind its parent, made while it is read: nothing is sorted, one pass.
 * For an object that must wait for its parent it yields undefined, so that whoever pulls can breathe in between.
 * What has no parent among them (it cannot be, in a sound brane) comes last.
 */
export function* parentsFirst(objects: Iterable<SceneObject>): Iterable<SceneObject | undefined> {
  const placed = new Set<ObjectId>();
  const waiting = new Map<ObjectId, SceneObject[]>();
  for (const object of objects) {
    if (object.parent_id !== null && !placed.has(object.parent_id)) {
      const siblings = waiting.get(object.parent_id);
      if (siblings) siblings.push(object);
      else waiting.set(object.parent_id, [object]);
      yield undefined;
      continue;
    }
    const ready = [object];
    for (let next = ready.pop(); next; next = ready.pop()) {
      placed.add(next.id);
      yield next;
      for (const child of waiting.get(next.id) ?? []) ready.push(child);
      waiting.delete(next.id);
    }
  }
  for (const orphans of waiting.values()) yield* orphans;
}
