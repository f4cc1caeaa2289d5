import type { Migration, PropertyRule, PropertySchema } from '@state-server/domain';
import * as z from 'zod/mini';
import { objectId, prototypeId, time, userId, version } from './ids';
import { gallery, modelRef } from './ops';
import { transform, value, valueMap } from './values';

export const prototypeKind = z.enum(['single', 'group']);

const finite = z.number();
const chars = z.int().check(z.gte(0));
const ruleBase = { required: z.exactOptional(z.boolean()), description: z.exactOptional(z.string()) };
const numeric = {
  ...ruleBase,
  unit: z.exactOptional(z.string().check(z.maxLength(40))),
  min: z.exactOptional(finite),
  max: z.exactOptional(finite),
  step: z.exactOptional(finite),
  default: z.exactOptional(finite),
};

/** Domain `PropertyRule`. */
export const propertyRule: z.ZodMiniType<PropertyRule> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('number'), ...numeric }),
  z.strictObject({ type: z.literal('integer'), ...numeric }),
  z.strictObject({
    type: z.literal('text'),
    ...ruleBase,
    min_chars: z.exactOptional(chars),
    max_chars: z.exactOptional(chars),
    default: z.exactOptional(z.string()),
  }),
  z.strictObject({ type: z.literal('boolean'), ...ruleBase, default: z.exactOptional(z.boolean()) }),
  z.strictObject({
    type: z.literal('enum'),
    ...ruleBase,
    values: z.array(z.string()),
    default: z.exactOptional(z.string()),
  }),
  z.strictObject({ type: z.literal('color'), ...ruleBase, default: z.exactOptional(z.string()) }),
  z.strictObject({
    type: z.literal('reference'),
    ...ruleBase,
    to: z.enum(['object', 'prototype']),
    default: z.exactOptional(z.string()),
  }),
  z.strictObject({ type: z.literal('any'), ...ruleBase, default: z.exactOptional(value) }),
]);

/** Domain `PropertySchema`. */
export const propertySchema: z.ZodMiniType<PropertySchema> = z.strictObject({
  properties: z.record(z.string(), propertyRule),
  /** Other names may be set too. */
  open: z.exactOptional(z.boolean()),
});

/** Domain `Migration`. */
export const migration: z.ZodMiniType<Migration> = z.discriminatedUnion('migrate', [
  z.strictObject({ migrate: z.literal('rename'), from: z.string(), to: z.string() }),
  z.strictObject({ migrate: z.literal('default'), name: z.string(), value }),
  z.strictObject({
    migrate: z.literal('convert'),
    name: z.string(),
    factor: finite,
    offset: z.exactOptional(finite),
  }),
  z.strictObject({
    migrate: z.literal('map'),
    name: z.string(),
    values: z.record(z.string(), z.string()),
  }),
  z.strictObject({ migrate: z.literal('drop'), name: z.string() }),
]);

const nodeFields = {
  key: z.string(),
  /** Key of a node before it; absent for the first, the root. */
  parent: z.exactOptional(z.nullable(z.string())),
  order: z.exactOptional(z.string()),
  name: z.exactOptional(z.string()),
  transform: z.exactOptional(transform),
  properties: z.exactOptional(valueMap),
};

/** A node as it is handed in; what is absent has a default. */
export const newNode = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('group'), ...nodeFields, gallery: z.exactOptional(gallery) }),
  z.strictObject({
    kind: z.literal('block'),
    ...nodeFields,
    model: z.exactOptional(z.nullable(modelRef)),
  }),
]);

const memberFields = {
  key: z.string(),
  prototype_id: prototypeId,
  version,
  name: z.exactOptional(z.string()),
};

/** A place in a prototype group, as it is handed in. */
export const newMember = z.strictObject({
  ...memberFields,
  order: z.exactOptional(z.string()),
  transform: z.exactOptional(transform),
  properties: z.exactOptional(valueMap),
});

const storedNode = {
  key: z.string(),
  parent: z.nullable(z.string()),
  order: z.string(),
  name: z.string(),
  transform,
  properties: valueMap,
};

/** Domain `PrototypeNode`. */
export const prototypeNode = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('group'), ...storedNode, gallery }),
  z.object({ kind: z.literal('block'), ...storedNode, model: z.nullable(modelRef) }),
]);

/** Domain `PrototypeMember`. */
export const prototypeMember = z.object({
  ...memberFields,
  order: z.string(),
  transform,
  properties: valueMap,
});

export const prototype = z.object({
  id: prototypeId,
  kind: prototypeKind,
  owner_id: userId,
  name: z.string(),
  description: z.exactOptional(z.string()),
  tags: z.array(z.string()),
  is_public: z.boolean(),
  is_deprecated: z.boolean(),
  is_deleted: z.boolean(),
  /** Absent until the first version is published. */
  latest_version: z.exactOptional(version),
  version,
  created_at: time,
  updated_at: time,
});

const versionFields = {
  prototype_id: prototypeId,
  version,
  notes: z.exactOptional(z.string()),
  /** Objects that an instance has. */
  objects: z.int(),
  levels: z.int(),
  /** What its nodes hold, as CBOR. */
  content_bytes: z.int(),
  schema: z.exactOptional(propertySchema),
  migrations: z.array(migration),
  published_at: time,
  published_by: userId,
};

/** A version in a list: without its tree. */
export const prototypeVersionSummary = z.object(versionFields);

export const prototypeVersion = z.object({
  ...versionFields,
  nodes: z.array(prototypeNode),
  members: z.array(prototypeMember),
});

/** Where a version may be made from: a live object with all that it holds. */
export const versionSource = z.strictObject({ object_id: objectId });

export type PrototypeResource = z.output<typeof prototype>;
export type PrototypeVersionSummary = z.output<typeof prototypeVersionSummary>;
export type PrototypeVersionResource = z.output<typeof prototypeVersion>;
export type NewPrototypeNode = z.output<typeof newNode>;
export type NewPrototypeMember = z.output<typeof newMember>;
