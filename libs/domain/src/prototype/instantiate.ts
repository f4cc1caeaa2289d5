import { addOp, checkFields, checkWorld, type Draft, type EditEnvironment } from '../draft';
import type { PrototypeRef, SceneObject, Transform, ValueMap } from '../entities';
import { isUuid, type ObjectId } from '../ids';
import { LIMITS } from '../limits';
import { toTransform } from '../matrix';
import type { ClientOp, InstanceOverrides, NodeOverrides } from '../ops';
import { checkParent, orderAmong } from '../placement';
import { ok, refuse, type Result } from '../refusal';
import { valueBytes } from '../values';
import { instanceBytes } from './instance-bytes';
import { PROTOTYPE_LIMITS } from './limits';
import type { PrototypeMember, PrototypeNode, PrototypeReader, PrototypeVersion } from './prototype';
import { checkProperties, withDefaults } from './property-schema';
import { type Usable, usableMember, usableVersion } from './usable';

type Instantiate = Extract<ClientOp, { readonly op: 'instantiate' }>;

/**
 * Resolves an instantiate into one create for each node, parents first: the ids are in it, and where each came from. Undone
 * as a whole.
 */
export function resolveInstantiate(
  reader: PrototypeReader,
  draft: Draft,
  op: Instantiate,
  environment: EditEnvironment,
): Result<void> {
  const used = usableVersion(reader, op.prototype_id, op.version, draft.context.actor);
  if (!used.ok) return used;
  const room = checkSpace(draft, op.parent_id, used.value.version, valueBytes(op.overrides));
  if (!room.ok) return room;
  const id = op.id ?? environment.newId();
  if (!isUuid(id)) return refuse('op.invalid', 'an id is a lower-case UUID v4', { id });
  if (draft.copy.get(id)) return refuse('id.taken', `the id ${id} is taken`, { id });
  const order = orderAmong(draft, op.parent_id, id, op.order);
  if (!order.ok) return order;
  const seeds = seedsOf(reader, used.value, op, draft.context.actor);
  if (!seeds.ok) return seeds;
  const ground = { id, parent_id: op.parent_id, order: order.value };
  const objects = grow(draft, seeds.value, ground, environment);
  const [root, ...below] = objects;
  if (root === undefined) return ok(undefined);
  // What is in a version was checked when it was published.
  const isAltered = op.overrides?.nodes !== undefined || used.value.tree.members.length > 0;
  for (const object of isAltered ? objects : [root]) {
    const checked = checkFields(object);
    if (!checked.ok) return checked;
  }
  return plant(draft, root, below);
}

/** Whether so many objects, so deep, can come to hang there. */
function checkSpace(
  draft: Draft,
  parentId: ObjectId,
  version: PrototypeVersion,
  extra: number,
): Result<void> {
  const parent = checkParent(draft.copy, parentId);
  if (!parent.ok) return parent;
  if (parent.value.depth + version.levels > LIMITS.depth_levels) {
    return refuse('object.too_deep', `a tree has at most ${LIMITS.depth_levels} levels`, { id: parentId });
  }
  if (draft.copy.size + version.objects > LIMITS.objects_per_brane) {
    return refuse('brane.too_many_objects', `a brane has at most ${LIMITS.objects_per_brane} objects`);
  }
  return checkTransaction(draft, version, extra);
}

/** What one transaction can write; the ops of an edit are counted besides. */
function checkTransaction(draft: Draft, version: PrototypeVersion, extra: number): Result<void> {
  const { nodes_per_prototype: nodes, bytes_per_instance: max } = PROTOTYPE_LIMITS;
  const created = draft.ops.reduce((count, { op }) => (op === 'create' ? count + 1 : count), 0);
  const objects = created + version.objects;
  if (created > 0 && objects > nodes) {
    return refuse('edit.too_large', `instances of one edit have at most ${nodes} objects`, { objects });
  }
  const bytes = instanceBytes({ objects, content_bytes: version.content_bytes + extra });
  if (bytes <= max) return ok(undefined);
  return refuse('edit.too_large', `the edit would write ${bytes} bytes, which are over ${max}`, { bytes });
}

/** An object before it has ids. */
export interface Seed {
  readonly node: PrototypeNode;
  /** Index of the parent among the seeds; undefined for the first, which has its place already. */
  readonly parent: number | undefined;
  readonly order: string;
  readonly name: string;
  readonly transform: Transform;
  readonly properties: ValueMap;
  readonly prototype: PrototypeRef;
}

/** All objects of an instance, those of a group's members among them; with the overrides, and checked as far as those go. */
function seedsOf(
  reader: PrototypeReader,
  used: Usable,
  op: Instantiate,
  actor: Draft['context']['actor'],
): Result<Seed[]> {
  const { facts, version, tree } = used;
  const { nodes = {}, ...own } = op.overrides ?? {};
  const known = new Set([...tree.nodes.slice(1), ...tree.members].map(({ key }) => key));
  const unknown = Object.keys(nodes).find((key) => !known.has(key));
  if (unknown !== undefined) {
    return refuse('op.invalid', `version ${version.version} has no node ${unknown}`, { node: unknown });
  }
  const root: NodeOverrides = op.transform === undefined ? own : { ...own, transform: op.transform };
  const seeds = treeSeeds(used, { root, nodes }, { id: facts.id, version: version.version });
  if (!seeds.ok) return seeds;
  for (const member of tree.members) {
    const users = { actor, groupOwner: facts.owner_id };
    const grown = memberSeeds(reader, member, ownOf(nodes, member.key), users, seeds.value.length);
    if (!grown.ok) return grown;
    for (const seed of grown.value) seeds.value.push(seed);
  }
  return seeds;
}

/** An instance of another prototype at its place in a group, whose root is the first seed. */
export function memberSeeds(
  reader: PrototypeReader,
  member: PrototypeMember,
  overrides: NodeOverrides | undefined,
  users: Parameters<typeof usableMember>[3],
  at: number,
): Result<Seed[]> {
  const used = usableMember(reader, member.prototype_id, member.version, users);
  if (!used.ok) return used;
  const { name, transform, properties } = member;
  const own = overrides?.properties ? { ...properties, ...overrides.properties } : properties;
  const root: NodeOverrides = {
    ...(name === undefined ? {} : { name }),
    transform,
    ...overrides,
    properties: own,
  };
  const ref: PrototypeRef = { id: member.prototype_id, version: member.version, member: member.key };
  const seeds = treeSeeds(used.value, { root, nodes: {} }, ref);
  if (!seeds.ok) return seeds;
  return ok(
    seeds.value.map((seed, index) =>
      index === 0
        ? { ...seed, parent: 0, order: member.order }
        : { ...seed, parent: (seed.parent ?? 0) + at },
    ),
  );
}

interface Overrides {
  readonly root: NodeOverrides;
  readonly nodes: NonNullable<InstanceOverrides['nodes']>;
}

function treeSeeds({ version, tree }: Usable, overrides: Overrides, ref: PrototypeRef): Result<Seed[]> {
  const indexOf = new Map<string, number>();
  const seeds: Seed[] = [];
  for (const [index, node] of tree.nodes.entries()) {
    indexOf.set(node.key, index);
    const parent = node.parent === null ? undefined : indexOf.get(node.parent);
    const prototype = index === 0 ? ref : { id: ref.id, version: ref.version, node: node.key };
    const over = index === 0 ? overrides.root : ownOf(overrides.nodes, node.key);
    const seed = seedOf(node, over, { parent, prototype });
    if (!seed.ok) return seed;
    seeds.push(seed.value);
  }
  const [root] = seeds;
  if (!root || version.schema === undefined) return ok(seeds);
  const properties = withDefaults(version.schema, root.properties);
  const fit = checkProperties(version.schema, properties);
  if (!fit.ok) return fit;
  seeds[0] = { ...root, properties };
  return ok(seeds);
}

function seedOf(
  node: PrototypeNode,
  overrides: NodeOverrides | undefined,
  place: Pick<Seed, 'parent' | 'prototype'>,
): Result<Seed> {
  const { order, name, transform, properties } = node;
  if (!overrides) return ok({ node, order, name, transform, properties, ...place });
  const placed = overrides.transform === undefined ? ok(transform) : toTransform(overrides.transform);
  if (!placed.ok) return placed;
  return ok({
    node,
    order,
    name: overrides.name ?? name,
    transform: placed.value,
    properties: overrides.properties ? { ...properties, ...overrides.properties } : properties,
    ...place,
  });
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
    const put = addOp(draft, { op: 'create', object });
    if (!put.ok) return put;
  }
  return checkWorld(draft, root.id);
}
