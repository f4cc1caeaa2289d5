import type { ClientOp } from '@state-server/domain';
import * as z from 'zod/mini';
import { braneId, objectId, prototypeId, version } from './ids';
import { transform, value, valueMap } from './values';

const finite = z.number();

export const prototypeRef = z.strictObject({ id: prototypeId, version });

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
    transform: z.exactOptional(transform),
  }),
  z.strictObject({ op: z.literal('upgrade'), id: objectId, version: z.exactOptional(version) }),
]);

/** How many ops an edit holds at most is the domain's to say: `edit.empty`, `edit.too_many_ops`. */
export const clientOps: z.ZodMiniType<readonly ClientOp[]> = z.array(clientOp);
