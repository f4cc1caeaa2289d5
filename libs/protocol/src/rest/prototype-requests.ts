import * as z from 'zod/mini';
import { braneId, objectId, prototypeId, userId, version } from '../schema/ids';
import { overrides } from '../schema/ops';
import {
  migration,
  newMember,
  newNode,
  propertySchema,
  prototypeKind,
  versionSource,
} from '../schema/prototypes';
import { sceneObject } from '../schema/objects';
import { transform } from '../schema/values';
import { cursor, integerParameter, limit } from './page';

export const prototypeParams = z.strictObject({ id: prototypeId });
export const prototypeVersionParams = z.strictObject({
  id: prototypeId,
  version: integerParameter(1, Number.MAX_SAFE_INTEGER),
});

const name = z.string().check(z.minLength(1));
const tags = z.array(z.string().check(z.minLength(1)));

export const createPrototypeRequest = z.strictObject({
  id: z.exactOptional(prototypeId),
  kind: z._default(prototypeKind, 'single'),
  name,
  description: z.exactOptional(z.string()),
  tags: z.exactOptional(tags),
  is_public: z._default(z.boolean(), false),
});

export const updatePrototypeRequest = z
  .strictObject({
    name: z.exactOptional(name),
    /** null takes it away. */
    description: z.exactOptional(z.nullable(z.string())),
    tags: z.exactOptional(tags),
    is_public: z.exactOptional(z.boolean()),
    is_deprecated: z.exactOptional(z.boolean()),
  })
  .check(z.refine((body) => Object.keys(body).length > 0, 'must set something'));

/** One of `nodes`, `from` (kind single) and `members` (kind group; `nodes` may then hold the root alone). */
export const publishVersionRequest = z.strictObject({
  nodes: z.exactOptional(z.array(newNode)),
  from: z.exactOptional(versionSource),
  members: z.exactOptional(z.array(newMember)),
  schema: z.exactOptional(propertySchema),
  migrations: z.exactOptional(z.array(migration)),
  notes: z.exactOptional(z.string()),
});

export const instantiateRequest = z.strictObject({
  /** Of the instance's root; the client may choose it. */
  id: z.exactOptional(objectId),
  brane_id: braneId,
  parent_id: objectId,
  order: z.exactOptional(z.string()),
  transform: z.exactOptional(transform),
  /** Without it the latest. */
  version: z.exactOptional(version),
  overrides: z.exactOptional(overrides),
});

const flag = z.exactOptional(z.enum(['true', 'false']));

/** Without `public` and `owner` your own. */
export const listPrototypesQuery = z.strictObject({
  /** Beginnings of words of name, tags and description. */
  q: z.exactOptional(z.string().check(z.minLength(1), z.maxLength(200))),
  public: flag,
  owner: z.exactOptional(userId),
  /** Without it by the words that were found where there is `q`, else the newest first. */
  sort: z.exactOptional(z.enum(['newest', 'popularity'])),
  limit,
  cursor,
});

/** `brane_id`: a brane that you may see and that holds an instance of this version. */
export const prototypeVersionQuery = z.strictObject({ brane_id: z.exactOptional(braneId) });

export const upgradeInstancesRequest = z.strictObject({
  prototype_id: prototypeId,
  /** Without it the latest. */
  version: z.exactOptional(version),
});

/** An object after an upgrade, and where it and what is below it had been changed itself: its own value was kept. */
export const upgradedObject = z.object({
  object: sceneObject,
  conflicts: z.array(z.object({ id: objectId, pointer: z.string() })),
});

export type UpgradedObjectResponse = z.output<typeof upgradedObject>;
export type CreatePrototypeRequest = z.output<typeof createPrototypeRequest>;
export type UpdatePrototypeRequest = z.output<typeof updatePrototypeRequest>;
export type PublishVersionRequest = z.output<typeof publishVersionRequest>;
export type InstantiateRequest = z.output<typeof instantiateRequest>;
export type ListPrototypesQuery = z.output<typeof listPrototypesQuery>;
