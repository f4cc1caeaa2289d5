import type { SceneObject } from '../entities';
import type { ObjectId } from '../ids';
import type { SceneReader } from '../scene-reader';
import { memberPath, type Seed } from './seeds';

/** The live objects of one instance, by the path of the node that each is. */
export interface Parts {
  get(path: string): SceneObject | undefined;
  pathOf(id: ObjectId): string | undefined;
}

/**
 * Looks for what an instance still has of its version, below its root. Another instance that somebody has put into it is not
 * looked into, nor is what hangs below it; a member of a group is, as long as it is at the version that the group gave it.
 */
export function findParts(scene: SceneReader, root: SceneObject, seeds: ReadonlyMap<string, Seed>): Parts {
  const parts = new Map<string, SceneObject>([['', root]]);
  const paths = new Map<ObjectId, string>([[root.id, '']]);
  const stack: { readonly id: ObjectId; readonly within: string }[] = [{ id: root.id, within: '' }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    for (const id of scene.children(next.id)) {
      const child = scene.get(id);
      if (!child || child.deleted_at !== undefined) continue;
      const isInstance = child.prototype !== null && child.prototype.node === undefined;
      const path = pathOf(child, next.within, seeds, next.id === root.id);
      if (isInstance && path === undefined) continue;
      if (path !== undefined && !parts.has(path)) {
        parts.set(path, child);
        paths.set(child.id, path);
      }
      if (child.kind === 'group')
        stack.push({ id, within: isInstance && path !== undefined ? path : next.within });
    }
  }
  return { get: (path) => parts.get(path), pathOf: (id) => paths.get(id) };
}

function pathOf(
  { prototype, kind }: SceneObject,
  within: string,
  seeds: ReadonlyMap<string, Seed>,
  isBelowRoot: boolean,
): string | undefined {
  if (prototype === null) return undefined;
  const { node, member, id, version } = prototype;
  const own = node === undefined ? undefined : `${within}/${node}`;
  const path =
    own ?? (member !== undefined && isBelowRoot ? memberPath({ key: member, prototype_id: id }) : undefined);
  const seed = path === undefined ? undefined : seeds.get(path);
  const isIt = seed?.prototype.id === id && seed.prototype.version === version && seed.node.kind === kind;
  return isIt ? path : undefined;
}
