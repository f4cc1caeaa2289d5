import { addOp, checkWorld, type Draft, type EditEnvironment } from '../draft';
import type { PrototypeRef, SceneObject, Transform, ValueMap } from '../entities';
import type { ObjectId, PrototypeId } from '../ids';
import { toTransform } from '../matrix';
import type { InstanceOverrides, NodeOverrides } from '../ops';
import { ok, type Result } from '../refusal';
import { type PropertySchema, withDefaults } from './property-schema';
import type { PrototypeMember, PrototypeNode, PrototypeReader } from './prototype';
import { type Content, contentOf } from './usable';

/** An object of an instance before it has ids. */
export interface Seed {
  /** Names the node in all versions, through a group as well; empty for the root. */
  readonly path: string;
  readonly node: PrototypeNode;
  /** Index of the parent among the seeds; undefined for the first, which has its place already. */
  readonly parent: number | undefined;
  readonly order: string;
  readonly name: string;
  readonly transform: Transform;
  readonly properties: ValueMap;
  readonly prototype: PrototypeRef;
  /** Of the root of an instance, if its version has one. */
  readonly schema: PropertySchema | undefined;
}

/** What an instance has otherwise than its prototype. */
export interface Overrides {
  readonly root: NodeOverrides;
  readonly nodes: NonNullable<InstanceOverrides['nodes']>;
}

export const NO_OVERRIDES: Overrides = { root: {}, nodes: {} };

/** All objects of an instance, parents first, those of a group's members among them. Nothing is checked but transforms. */
export function expand(
  reader: PrototypeReader,
  id: PrototypeId,
  content: Content,
  overrides: Overrides,
): Result<readonly Seed[]> {
  const own = treeSeeds(content, overrides, { id, version: content.version.version }, '');
  if (!own.ok) return own;
  const seeds = own.value;
  for (const member of content.tree.members) {
    const grown = memberSeeds(reader, member, ownOf(overrides.nodes, member.key), seeds.length);
    if (!grown.ok) return grown;
    for (const seed of grown.value) seeds.push(seed);
  }
  return ok(seeds);
}

/** Another prototype under the same key is another member. */
export function memberPath({ key, prototype_id }: Pick<PrototypeMember, 'key' | 'prototype_id'>): string {
  return `@${key}:${prototype_id}`;
}

/** An instance of another prototype at its place in a group, whose root is the first seed. */
function memberSeeds(
  reader: PrototypeReader,
  member: PrototypeMember,
  overrides: NodeOverrides | undefined,
  at: number,
): Result<Seed[]> {
  const content = contentOf(reader, member.prototype_id, member.version);
  if (!content.ok) return content;
  const { name, transform, properties } = member;
  const root: NodeOverrides = {
    ...(name === undefined ? {} : { name }),
    transform,
    ...overrides,
    properties: overrides?.properties ? { ...properties, ...overrides.properties } : properties,
  };
  const ref: PrototypeRef = { id: member.prototype_id, version: member.version, member: member.key };
  const seeds = treeSeeds(content.value, { root, nodes: {} }, ref, memberPath(member));
  if (!seeds.ok) return seeds;
  return ok(
    seeds.value.map((seed, index) => {
      if (index === 0) return { ...seed, parent: 0, order: member.order };
      return { ...seed, parent: (seed.parent ?? 0) + at };
    }),
  );
}

function treeSeeds(
  { version, tree }: Content,
  overrides: Overrides,
  ref: PrototypeRef,
  path: string,
): Result<Seed[]> {
  const indexOf = new Map<string, number>();
  const seeds: Seed[] = [];
  for (const [index, node] of tree.nodes.entries()) {
    indexOf.set(node.key, index);
    const isRoot = index === 0;
    const place = {
      path: isRoot ? path : `${path}/${node.key}`,
      parent: node.parent === null ? undefined : indexOf.get(node.parent),
      prototype: isRoot ? ref : { id: ref.id, version: ref.version, node: node.key },
      schema: isRoot ? version.schema : undefined,
    };
    const seed = seedOf(node, isRoot ? overrides.root : ownOf(overrides.nodes, node.key), place);
    if (!seed.ok) return seed;
    seeds.push(seed.value);
  }
  return ok(seeds);
}

function seedOf(
  node: PrototypeNode,
  overrides: NodeOverrides | undefined,
  place: Pick<Seed, 'path' | 'parent' | 'prototype' | 'schema'>,
): Result<Seed> {
  const { order, name, transform } = node;
  const placed = overrides?.transform === undefined ? ok(transform) : toTransform(overrides.transform);
  if (!placed.ok) return placed;
  const own = overrides?.properties ? { ...node.properties, ...overrides.properties } : node.properties;
  const properties = place.schema === undefined ? own : withDefaults(place.schema, own);
  return ok({ node, order, name: overrides?.name ?? name, transform: placed.value, properties, ...place });
}

function ownOf<T>(map: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** Where the first seed goes. */
export interface Ground {
  readonly id: ObjectId;
  readonly parent_id: ObjectId;
  readonly order: string;
}

/** The objects of the seeds, in their order. */
export function grow(
  draft: Draft,
  seeds: readonly Seed[],
  ground: Ground,
  environment: EditEnvironment,
): SceneObject[] {
  const { context, copy } = draft;
  const ids: ObjectId[] = [];
  return seeds.map(({ node, parent, order, name, transform, properties, prototype }) => {
    const id = parent === undefined ? ground.id : environment.newId();
    ids.push(id);
    const base = {
      id,
      brane_id: copy.meta.id,
      parent_id: parent === undefined ? ground.parent_id : (ids[parent] ?? ground.id),
      order: parent === undefined ? ground.order : order,
      name,
      transform,
      properties,
      prototype,
      version: 1,
      seq: context.seq,
      created_at: context.at,
      updated_at: context.at,
      created_by: context.actor,
      updated_by: context.actor,
    };
    return node.kind === 'block'
      ? { ...base, kind: 'block', model: node.model }
      : { ...base, kind: 'group', is_brane: false, gallery: node.gallery };
  });
}

/** Adds the objects, undone as one. */
export function plant(draft: Draft, root: SceneObject, below: readonly SceneObject[]): Result<void> {
  const added = addOp(draft, { op: 'create', object: root }, { undo: 'create', id: root.id });
  if (!added.ok) return added;
  for (const object of below) {
    // What the reducer would look at is so already: the ids are new, and the parents stand before their children.
    draft.copy.put(object);
    draft.ops.push({ op: 'create', object });
  }
  return checkWorld(draft, root.id);
}
