import { checkFields, type Draft, type EditEnvironment } from '../draft';
import { isUuid, type ObjectId, type UserId } from '../ids';
import { LIMITS } from '../limits';
import type { ClientOp, NodeOverrides } from '../ops';
import { checkParent, orderAmong } from '../placement';
import { ok, refuse, type Result } from '../refusal';
import { valueBytes } from '../values';
import { instanceBytes } from './instance-bytes';
import { PROTOTYPE_LIMITS } from './limits';
import { checkProperties } from './property-schema';
import type { PrototypeReader, PrototypeVersion } from './prototype';
import { expand, grow, plant, type Seed } from './seeds';
import { checkMember, type Usable, usableVersion } from './usable';

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

/** All objects of the instance with the overrides; what roots have of properties fits their schemas. */
function seedsOf(
  reader: PrototypeReader,
  { facts, version, tree }: Usable,
  op: Instantiate,
  actor: UserId,
): Result<readonly Seed[]> {
  const { nodes = {}, ...own } = op.overrides ?? {};
  const known = new Set([...tree.nodes.slice(1), ...tree.members].map(({ key }) => key));
  const unknown = Object.keys(nodes).find((key) => !known.has(key));
  if (unknown !== undefined) {
    return refuse('op.invalid', `version ${version.version} has no node ${unknown}`, { node: unknown });
  }
  for (const { prototype_id } of tree.members) {
    const usable = checkMember(reader, prototype_id, { actor, groupOwner: facts.owner_id });
    if (!usable.ok) return usable;
  }
  const root: NodeOverrides = op.transform === undefined ? own : { ...own, transform: op.transform };
  const seeds = expand(reader, facts.id, { version, tree }, { root, nodes });
  if (!seeds.ok) return seeds;
  for (const { schema, properties } of seeds.value) {
    const fit = schema === undefined ? ok(undefined) : checkProperties(schema, properties);
    if (!fit.ok) return fit;
  }
  return seeds;
}
