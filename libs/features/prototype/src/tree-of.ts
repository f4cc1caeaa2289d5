import {
  compareSiblings,
  IDENTITY,
  type ObjectId,
  orderBetween,
  type PrototypeId,
  type PrototypeMember,
  type PrototypeNode,
  type SceneObject,
} from '@state-server/domain';
import type { NewPrototypeMember, NewPrototypeNode } from '@state-server/protocol';

/** Order keys for what names none: each after the last of the same parent. */
class Orders {
  private readonly last = new Map<string, string>();

  next(parent: string, wanted: string | undefined): string {
    const order = wanted ?? orderBetween(this.last.get(parent) ?? null, null);
    const last = this.last.get(parent);
    if (last === undefined || order > last) this.last.set(parent, order);
    return order;
  }
}

/** Nodes as they are kept, with defaults for all that was not named. */
export function nodesOf(nodes: readonly NewPrototypeNode[]): PrototypeNode[] {
  const orders = new Orders();
  return nodes.map((node) => {
    const { key, parent = null, name = '', transform = IDENTITY, properties = {} } = node;
    const base = { key, parent, order: orders.next(parent ?? '', node.order), name, transform, properties };
    return node.kind === 'block'
      ? { ...base, kind: 'block', model: node.model ?? null }
      : { ...base, kind: 'group', gallery: node.gallery ?? {} };
  });
}

export function membersOf(members: readonly NewPrototypeMember[]): PrototypeMember[] {
  const orders = new Orders();
  return members.map(({ key, prototype_id, version, name, order, transform, properties }) => ({
    key,
    prototype_id,
    version,
    order: orders.next('', order),
    ...(name === undefined ? {} : { name }),
    transform: transform ?? IDENTITY,
    properties: properties ?? {},
  }));
}

/** The root of a prototype group for which none was handed in. */
export const GROUP_ROOT: PrototypeNode = {
  key: 'root',
  parent: null,
  order: orderBetween(null, null),
  name: '',
  transform: IDENTITY,
  properties: {},
  kind: 'group',
  gallery: {},
};

/**
 * The nodes of objects that stand in a brane, the root first. What is a part of an instance of this prototype keeps its key,
 * and any other object has one that is made of its id: so an upgrade finds it again when the same tree is published anew.
 */
export function nodesOfObjects(prototypeId: PrototypeId, objects: readonly SceneObject[]): PrototypeNode[] {
  const [root] = objects;
  if (!root) return [];
  const byPlace = parentsFirst(root, objects);
  const keys = new Map<ObjectId, string>();
  const used = new Set<string>();
  for (const object of byPlace.slice(1)) {
    const { prototype } = object;
    const known = prototype?.id === prototypeId ? prototype.node : undefined;
    // Of two with one key the second is another node.
    const key = known === undefined || used.has(known) ? keyOf(object.id) : known;
    used.add(key);
    keys.set(object.id, key);
  }
  // The root is found as the root, whatever its key.
  keys.set(root.id, used.has(GROUP_ROOT.key) ? keyOf(root.id) : GROUP_ROOT.key);
  return byPlace.map((object) => nodeOf(object, object === root, keys));
}

/** 48 of the id's random bits: enough for 500 nodes, and short, since each object of each instance carries it. */
function keyOf(id: ObjectId): string {
  return id.replaceAll('-', '').slice(0, 12);
}

function nodeOf(object: SceneObject, isRoot: boolean, keys: ReadonlyMap<ObjectId, string>): PrototypeNode {
  const { id, parent_id, order, name, transform, properties } = object;
  const parent = isRoot || parent_id === null ? null : (keys.get(parent_id) ?? null);
  const base = { key: keys.get(id) ?? '', parent, order, name, transform, properties };
  return object.kind === 'block'
    ? { ...base, kind: 'block', model: object.model }
    : { ...base, kind: 'group', gallery: object.gallery };
}

function parentsFirst(root: SceneObject, objects: readonly SceneObject[]): SceneObject[] {
  const childrenOf = new Map<ObjectId | null, SceneObject[]>();
  for (const object of objects.slice(1)) {
    const siblings = childrenOf.get(object.parent_id);
    if (siblings) siblings.push(object);
    else childrenOf.set(object.parent_id, [object]);
  }
  const sorted: SceneObject[] = [root];
  for (const object of sorted) sorted.push(...(childrenOf.get(object.id) ?? []).sort(compareSiblings));
  return sorted;
}
