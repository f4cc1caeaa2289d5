import * as z from 'zod/mini';
import * as resources from '../rest/resources';
import { braneMeta } from '../schema/brane-meta';
import { logPosition } from '../schema/ids';
import { op, sceneObject, group, block } from '../schema/objects';
import { clientOp, modelRef, newObject, prototypeRef } from '../schema/ops';
import * as prototypes from '../schema/prototypes';
import { transform, value } from '../schema/values';
import { type JsonSchema, WIRE_SHAPES } from './wire-shapes';

type Schema = z.core.$ZodType;

/** Schemas that both documents refer to by name. */
export const SHARED_COMPONENTS: Readonly<Record<string, readonly [Schema, string]>> = {
  Transform: [transform, 'Placement of an object.'],
  Value: [value, 'What a property may hold.'],
  LogPosition: [logPosition, 'Where a log stands.'],
  PrototypeRef: [prototypeRef, 'Where an instance came from.'],
  ModelRef: [modelRef, 'The model of a block; radius and bounds are in metres.'],
  Group: [group, 'An object that holds others. A group with is_brane is the root of its brane.'],
  Block: [block, 'An object that holds no others.'],
  SceneObject: [sceneObject, 'What stands in a brane.'],
  NewObject: [
    newObject,
    'What a client may name of an object that it creates; the server resolves the rest.',
  ],
  ClientOp: [clientOp, 'An op as a client asks for it; if_version makes it conditional.'],
  Op: [
    op,
    'A resolved op: whoever applies it in seq order reaches the same state. version is the one after it.',
  ],
  BraneMeta: [braneMeta, 'A brane besides its objects.'],
};

/** Schemas of REST alone. */
export const REST_COMPONENTS: Readonly<Record<string, readonly [Schema, string]>> = {
  User: [resources.user, 'A user, as seen by himself.'],
  UserSummary: [resources.userSummary, 'What others may see of a user.'],
  AdminUser: [resources.adminUser, 'A user, as seen by an administrator.'],
  InventoryItem: [resources.inventoryItem, 'A prototype that a user has at hand.'],
  Tokens: [resources.tokens, 'An access token (15 minutes) and the refresh token that gets the next.'],
  Prototype: [prototypes.prototype, 'A prototype, whatever the version.'],
  PropertyRule: [prototypes.propertyRule, 'What a property of an instance may be.'],
  PropertySchema: [prototypes.propertySchema, 'What the properties of an instance may be.'],
  Migration: [prototypes.migration, 'What has become of the properties since the version before.'],
  PrototypeNode: [prototypes.prototypeNode, 'One object of a version.'],
  PrototypeMember: [prototypes.prototypeMember, 'An instance of another prototype in a prototype group.'],
  PrototypeVersionSummary: [prototypes.prototypeVersionSummary, 'A version without its tree.'],
  PrototypeVersion: [prototypes.prototypeVersion, 'A published version; it never changes.'],
  Session: [resources.session, 'One sign-in.'],
  Brane: [resources.brane, 'A brane, as seen by who asks.'],
  Member: [resources.member, 'Who may do what in a brane.'],
  Snapshot: [resources.snapshot, 'A whole brane at one seq; parents stand before their children.'],
  LogEntry: [resources.logEntry, 'One edit in the log.'],
  Operation: [resources.operation, 'Long work in bounded steps; not atomic, and seen while it runs.'],
  Committed: [resources.committed, 'What became of an edit; it is durable.'],
  Health: [resources.health, 'What a service says about itself.'],
  ErrorMessageResponse: [
    resources.errorMessageResponse,
    'Every error has this form; see the table of codes.',
  ],
};

export type Components = Readonly<Record<string, JsonSchema>>;

/** JSON Schema 2020-12 of named schemas, as they are on the wire; those that hold each other refer by name. */
export function toComponents(named: Readonly<Record<string, readonly [Schema, string?]>>): Components {
  const registry = z.registry<{ id: string; description?: string }>();
  for (const [id, [schema, description]] of Object.entries(named)) {
    registry.add(schema, description === undefined ? { id } : { id, description });
  }
  const { schemas } = z.toJSONSchema(registry, {
    io: 'input',
    // Checked by a test: nothing comes out empty that is not meant to.
    unrepresentable: 'any',
    uri: (id) => `#/components/schemas/${id}`,
    override: ({ zodSchema, jsonSchema }) => {
      if (!('$ref' in jsonSchema)) Object.assign(jsonSchema, WIRE_SHAPES.get(zodSchema));
    },
  });
  return Object.fromEntries(
    Object.entries(schemas)
      .map(([id, schema]) => [id, tidy(schema)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Without what only says how it was made: addresses of the schema itself, and the bounds of safe integers. */
function tidy(schema: object): JsonSchema {
  const { $schema: _dialect, $id: _address, id: _name, ...rest } = schema as Record<string, unknown>;
  return tidyMap(rest);
}

function tidyMap(map: Readonly<Record<string, unknown>>): JsonSchema {
  const kept = Object.entries(map).filter(
    ([key, field]) =>
      !(key === 'maximum' && field === Number.MAX_SAFE_INTEGER) &&
      !(key === 'minimum' && field === Number.MIN_SAFE_INTEGER) &&
      // Not a format of JSON Schema; the pattern beside it says the same.
      !(key === 'format' && field === 'starts_with'),
  );
  return Object.fromEntries(kept.map(([key, field]) => [key, tidyValue(field)]));
}

function tidyValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidyValue);
  return typeof value === 'object' && value !== null ? tidyMap(value as Record<string, unknown>) : value;
}
