import type { ClientOp } from '@state-server/domain';
import * as z from 'zod/mini';
import { braneId, objectId, prototypeId, version } from './ids';
import { transform, value, valueMap } from './values';

const finite = z.number();

/** `node`: key of the node that this is, absent for the root; `member`: its place in a prototype group. */
export const prototypeRef = z.object({
  id: prototypeId,
  version,
  node: z.exactOptional(z.string()),
  member: z.exactOptional(z.string()),
});

export const modelRef = z.strictObject({
  id: z.string(),
  digest: z.string(),
  bytes: z.int().check(z.gte(0)),
  /** `[minX, minY, minZ, maxX, maxY, maxZ]` in metres, local. */
  bounds: z.array(finite).check(z.length(6)),
  /** Metres around the local origin. */
  radius: finite.check(z.gte(0)),
  previews: z.array(z.string()),
});

/** Prototype id → order key. */
export const gallery = z.record(prototypeId, z.string());

const newObjectFields = {
  id: z.exactOptional(objectId),
  parent_id: objectId,
  order: z.exactOptional(z.string()),
  name: z.exactOptional(z.string()),
  transform: z.exactOptional(transform),
  properties: z.exactOptional(valueMap),
  locked: z.exactOptional(z.boolean()),
  pinned: z.exactOptional(z.boolean()),
  /** RFC 3339, in the future. */
  expires_at: z.exactOptional(z.nullable(z.string())),
};

/** What a client may name of an object that it creates, with more fields around it. */
export function newObjectOf<Extra extends z.core.$ZodLooseShape>(extra: Extra) {
  return z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('group'),
      ...extra,
      ...newObjectFields,
      link: z.exactOptional(braneId),
      gallery: z.exactOptional(gallery),
    }),
    z.strictObject({
      kind: z.literal('block'),
      ...extra,
      ...newObjectFields,
      model: z.exactOptional(z.nullable(modelRef)),
    }),
  ]);
}

/** Domain `NewObject`. */
export const newObject = newObjectOf({});

/** JSON Pointers (RFC 6901) from the table of settable fields; which ones those are, the domain says (SYNC S4). */
export const pointer = z.string().check(z.startsWith('/', 'must start with "/"'));
const ifVersion = z.exactOptional(version);

const nodeOverrides = z.strictObject({
  name: z.exactOptional(z.string()),
  transform: z.exactOptional(transform),
  properties: z.exactOptional(valueMap),
});

/** Domain `InstanceOverrides`. */
export const overrides = z.strictObject({
  name: z.exactOptional(z.string()),
  properties: z.exactOptional(valueMap),
  nodes: z.exactOptional(z.record(z.string(), nodeOverrides)),
});

/** An op as a client asks for it (domain `ClientOp`). */
export const clientOp = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('create'), object: newObject }),
  z.strictObject({
    op: z.literal('update'),
    id: objectId,
    set: z.exactOptional(z.record(pointer, value)),
    unset: z.exactOptional(z.array(pointer)),
    if_version: ifVersion,
  }),
  z.strictObject({ op: z.literal('transform'), id: objectId, transform, if_version: ifVersion }),
  z.strictObject({
    op: z.literal('move'),
    id: objectId,
    parent_id: objectId,
    order: z.exactOptional(z.string()),
    if_version: ifVersion,
  }),
  z.strictObject({ op: z.literal('delete'), id: objectId, if_version: ifVersion }),
  z.strictObject({
    op: z.literal('instantiate'),
    id: z.exactOptional(objectId),
    prototype_id: prototypeId,
    version: z.exactOptional(version),
    parent_id: objectId,
    order: z.exactOptional(z.string()),
    transform: z.exactOptional(transform),
    overrides: z.exactOptional(overrides),
  }),
  z.strictObject({
    op: z.literal('upgrade'),
    id: objectId,
    version: z.exactOptional(version),
    if_version: ifVersion,
  }),
]);

/** How many ops an edit holds at most is the domain's to say: `edit.empty`, `edit.too_many_ops`. */
export const clientOps: z.ZodMiniType<readonly ClientOp[]> = z.array(clientOp);
