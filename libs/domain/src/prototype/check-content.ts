import { checkFields } from '../draft';
import type { SceneObject } from '../entities';
import { asObjectId, asBraneId, asUserId } from '../ids';
import { LIMITS } from '../limits';
import { IDENTITY, isFiniteMatrix, type Matrix, multiply, toTransform } from '../matrix';
import { isOrderKey, ORDER_MAX } from '../order';
import { ok, refuse, type Result } from '../refusal';
import { valueBytes } from '../values';
import { checkSchema } from './check-schema';
import { instanceBytes } from './instance-bytes';
import { PROTOTYPE_LIMITS } from './limits';
import type { Migration } from './migrate';
import type { PrototypeMember, PrototypeNode, PrototypeTree } from './prototype';
import { checkProperty, type PropertySchema } from './property-schema';

/** What is to be published. */
export interface VersionContent {
  readonly tree: PrototypeTree;
  readonly schema?: PropertySchema;
  readonly migrations: readonly Migration[];
}

/** What the tree comes to, the members not counted. */
export interface TreeSize {
  readonly objects: number;
  readonly levels: number;
  readonly content_bytes: number;
}

const KEY = /^[A-Za-z0-9_-]+$/;

/**
 * Whether a version may be made of this: once it is published nothing of it is looked at again. Refuses with
 * `prototype.invalid` (the pointer says where), with what the limits of objects say, or with what does not fit the schema.
 */
export function checkContent(content: VersionContent): Result<TreeSize> {
  const { tree, schema, migrations } = content;
  const checkedSchema = checkSchema(schema, migrations);
  if (!checkedSchema.ok) return checkedSchema;
  const size = checkTree(tree);
  if (!size.ok) return size;
  const members = checkMembers(tree);
  if (!members.ok) return members;
  const fit = checkRoot(tree.nodes[0], schema);
  if (!fit.ok) return fit;
  const whole = { ...size.value, content_bytes: contentBytes(tree) };
  const fitsOne = checkSize(whole);
  return fitsOne.ok ? ok(whole) : fitsOne;
}

/** Whether an instance of this size can be made in one transaction. */
export function checkSize(size: TreeSize): Result<void> {
  const { nodes_per_prototype: nodes, bytes_per_instance: max } = PROTOTYPE_LIMITS;
  if (size.objects > nodes) {
    const message = `an instance of ${size.objects} objects is over ${nodes}`;
    return refuse('prototype.invalid', message, { pointer: '/members', objects: size.objects });
  }
  const bytes = instanceBytes(size);
  if (bytes <= max) return ok(undefined);
  return refuse('field.too_large', `an instance would write ${bytes} bytes, which are over ${max}`, {
    pointer: '/nodes',
    bytes,
  });
}

function invalid(pointer: string, message: string): Result<never> {
  return refuse('prototype.invalid', `${pointer} ${message}`, { pointer });
}

/** Properties that the root does not have yet may be required: then whoever makes an instance brings them along. */
function checkRoot(root: PrototypeNode | undefined, schema: PropertySchema | undefined): Result<void> {
  if (!root || !schema) return ok(undefined);
  for (const [name, value] of Object.entries(root.properties)) {
    const rule = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    if (rule === undefined) {
      if (schema.open === true) continue;
      return refuse('property.unknown', `${name} of the root is not in the schema`, {
        pointer: `/nodes/0/properties/${name}`,
      });
    }
    const checked = checkProperty(name, rule, value);
    if (!checked.ok) return checked;
  }
  return ok(undefined);
}

function checkTree({ nodes }: PrototypeTree): Result<Pick<TreeSize, 'objects' | 'levels'>> {
  const max = PROTOTYPE_LIMITS.nodes_per_prototype;
  if (nodes.length === 0) return invalid('/nodes', 'must hold the root at least');
  if (nodes.length > max) return invalid('/nodes', `must hold at most ${max} nodes`);
  const above = new Map<
    string,
    { readonly level: number; readonly world: Matrix; readonly isGroup: boolean }
  >();
  let levels = 1;
  for (const [index, node] of nodes.entries()) {
    const at = `/nodes/${index}`;
    if (!isKey(node.key)) return invalid(`${at}/key`, KEY_MESSAGE);
    if (above.has(node.key)) return invalid(`${at}/key`, 'is the key of another node');
    if ((node.parent === null) !== (index === 0)) {
      return invalid(`${at}/parent`, index === 0 ? 'must not be: the first node is the root' : 'is missing');
    }
    const parent = node.parent === null ? undefined : above.get(node.parent);
    if (node.parent !== null && !parent)
      return invalid(`${at}/parent`, 'must be the key of a node before it');
    if (parent && !parent.isGroup) return invalid(`${at}/parent`, 'must be the key of a group');
    const checked = checkNode(node, at);
    if (!checked.ok) return checked;
    const level = (parent?.level ?? 0) + 1;
    // Where it hangs in a brane there is a root above it.
    if (level >= LIMITS.depth_levels)
      return invalid(at, `is more than ${LIMITS.depth_levels - 1} levels deep`);
    const world = multiply(parent?.world ?? IDENTITY, node.transform);
    if (!isFiniteMatrix(world)) return invalid(`${at}/transform`, 'would not be finite below its parents');
    above.set(node.key, { level, world, isGroup: node.kind === 'group' });
    levels = Math.max(levels, level);
  }
  return ok({ objects: nodes.length, levels });
}

const KEY_MESSAGE = `must be 1 to ${PROTOTYPE_LIMITS.node_key_chars} letters, digits, "_" or "-"`;

function isKey(key: string): boolean {
  return KEY.test(key) && key.length <= PROTOTYPE_LIMITS.node_key_chars;
}

function isOrder(order: string): boolean {
  return isOrderKey(order) && order.length <= ORDER_MAX;
}

function checkNode(node: PrototypeNode, at: string): Result<void> {
  if (!isOrder(node.order)) return invalid(`${at}/order`, 'must be an order key');
  const transform = toTransform(node.transform);
  if (!transform.ok) return transform;
  const checked = checkFields(asObject(node));
  if (checked.ok) return checked;
  const { code, message, details } = checked.refusal;
  return refuse(code, `${at}: ${message}`, { ...details, node: node.key });
}

/** The node as an object, for the checks that all objects go through. */
function asObject(node: PrototypeNode): SceneObject {
  const nobody = asUserId('');
  const base = {
    id: asObjectId(''),
    brane_id: asBraneId(''),
    parent_id: null,
    order: node.order,
    name: node.name,
    transform: node.transform,
    properties: node.properties,
    prototype: null,
    version: 1,
    seq: 0,
    created_at: '',
    updated_at: '',
    created_by: nobody,
    updated_by: nobody,
  };
  return node.kind === 'block'
    ? { ...base, kind: 'block', model: node.model }
    : { ...base, kind: 'group', is_brane: false, gallery: node.gallery };
}

function checkMembers({ nodes, members }: PrototypeTree): Result<void> {
  if (members.length === 0) return ok(undefined);
  const [root, ...rest] = nodes;
  if (root?.kind !== 'group')
    return invalid('/nodes/0/kind', 'must be group: a prototype group holds others');
  if (rest.length > 0)
    return invalid('/nodes/1', 'must not be: what a prototype group holds are its members');
  const keys = new Set<string>([root.key]);
  for (const [index, member] of members.entries()) {
    const checked = checkMember(member, `/members/${index}`, root.transform);
    if (!checked.ok) return checked;
    if (keys.has(member.key)) return invalid(`/members/${index}/key`, 'is the key of another node');
    keys.add(member.key);
  }
  return ok(undefined);
}

function checkMember(member: PrototypeMember, at: string, above: Matrix): Result<void> {
  if (!isKey(member.key)) return invalid(`${at}/key`, KEY_MESSAGE);
  const { key, order, name = '', transform, properties } = member;
  const checked = checkNode(
    { key, parent: null, order, name, transform, properties, kind: 'block', model: null },
    at,
  );
  if (!checked.ok) return checked;
  return isFiniteMatrix(multiply(above, transform))
    ? ok(undefined)
    : invalid(`${at}/transform`, 'would not be finite below its parents');
}

/** What nodes hold besides their places, in bytes of CBOR. */
function contentBytes({ nodes, members }: PrototypeTree): number {
  let bytes = 0;
  for (const node of nodes) {
    bytes += valueBytes(node.name) + valueBytes(node.properties) + node.key.length + 2 * node.order.length;
    bytes += valueBytes(node.kind === 'block' ? node.model : node.gallery);
  }
  for (const { name, properties } of members) bytes += valueBytes(name) + valueBytes(properties);
  return bytes;
}
