import * as z from 'zod/mini';
import {
  braneMeta,
  braneSettings,
  braneStatus,
  forkedFrom,
  role,
  roleOrGuest,
  visibility,
} from '../schema/brane-meta';
import {
  braneId,
  companyId,
  epoch,
  objectId,
  operationId,
  opId,
  prototypeId,
  seq,
  sessionId,
  time,
  userId,
  version,
} from '../schema/ids';
import { op, sceneObject } from '../schema/objects';
import { prototype } from '../schema/prototypes';
import { valueMap } from '../schema/values';

export const user = z.object({
  id: userId,
  name: z.string(),
  email: z.exactOptional(z.string()),
  /** An https URL, or the id of a model or an asset. */
  avatar: z.exactOptional(z.string()),
  /** BCP 47. */
  locale: z.exactOptional(z.string()),
  /** Of the clients, which alone know what they mean. */
  settings: z.exactOptional(valueMap),
  /** He has no account: what he is signed in with is good in this brane, until then. */
  guest: z.exactOptional(z.object({ brane_id: braneId, expires_at: time })),
  roles: z.array(z.enum(['user', 'admin'])),
  version,
  created_at: time,
  updated_at: time,
});

/** A user as an administrator sees him. */
export const adminUser = z.object({
  ...user.shape,
  suspension: z.exactOptional(
    z.object({ reason: z.string(), at: time, by: userId, until: z.exactOptional(time) }),
  ),
  deleted_at: z.exactOptional(time),
});

/** What others may see of a user. Of one who is gone nothing but that. */
export const userSummary = z.object({
  id: userId,
  name: z.nullable(z.string()),
  avatar: z.exactOptional(z.string()),
  /** He has no account. */
  guest: z.exactOptional(z.literal(true)),
  deleted: z.exactOptional(z.literal(true)),
});

/** One's own profile and an administrator's view are whole; others are shown what is public. */
export const anyUser = z.union([adminUser, userSummary]);

export const inventoryItem = z.object({
  prototype_id: prototypeId,
  /** `owned`: made by the user himself. */
  source: z.enum(['owned', 'pinned', 'gift']),
  from: z.exactOptional(z.object({ brane_id: z.exactOptional(braneId), user_id: z.exactOptional(userId) })),
  added_at: time,
});

export const tokens = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  token_type: z.literal('Bearer'),
  /** Seconds that the access token lives. */
  expires_in: z.int(),
  user,
});

/** A way to sign in that a user has. */
export const identity = z.object({
  provider: z.string(),
  /** As the provider has it; for people to tell accounts apart. */
  name: z.exactOptional(z.string()),
  email: z.exactOptional(z.string()),
  linked_at: z.exactOptional(time),
});

/** A signed-in session: one per sign-in, whatever devices or sockets use its tokens. */
export const session = z.object({
  id: sessionId,
  created_at: time,
  last_used_at: time,
  expires_at: time,
  user_agent: z.exactOptional(z.string()),
  /** A name by which a person knows the device again. */
  device: z.exactOptional(z.string()),
  /** IP address that it was last signed in or refreshed from. */
  address: z.exactOptional(z.string()),
  /** Of an outside issuer's tokens: which. */
  issuer: z.exactOptional(z.string()),
  /** The one that asks. */
  current: z.boolean(),
});

export const brane = z.object({
  id: braneId,
  name: z.string(),
  visibility,
  status: braneStatus,
  /** Of who asks. */
  role: roleOrGuest,
  epoch,
  seq,
  /** Objects in it, deleted ones that are not yet reaped included. */
  objects: z.int(),
  version,
  created_at: time,
  updated_at: time,
  created_by: userId,
  purge_after: z.exactOptional(time),
  settings: z.exactOptional(braneSettings),
  /** Since when nobody edits its objects; absent: they are edited. */
  archived_at: z.exactOptional(time),
  /** Of which brane it is a copy; until that is complete nobody can edit it (`brane.frozen`). */
  forked_from: z.exactOptional(forkedFrom),
  /** The company that it belongs to; absent: its owners'. */
  company_id: z.exactOptional(companyId),
});

export const member = z.object({
  user_id: userId,
  name: z.string(),
  role,
  /** He has no account: a link made him a member. */
  guest: z.exactOptional(z.literal(true)),
  since: time,
});

/** The whole brane at one seq; parents stand before their children, objects marked as deleted are included. */
export const snapshot = z.object({
  brane_id: braneId,
  epoch,
  seq,
  meta: braneMeta,
  objects: z.array(sceneObject),
});

export const logEntry = z.object({
  seq,
  epoch,
  op_id: opId,
  kind: z.enum(['edit', 'undo', 'redo', 'system', 'move_out', 'move_in']),
  /** Of an entry that is a step of long work. */
  operation_id: z.exactOptional(operationId),
  actor: userId,
  at: time,
  ops: z.array(op),
});

/** Long work in bounded steps: not atomic, and seen while it runs (SYNC S3). */
export const operation = z.object({
  id: operationId,
  kind: z.string(),
  /** Among whose operations it is listed. */
  brane_id: braneId,
  /** Who asked for it. */
  user_id: userId,
  state: z.enum(['running', 'succeeded', 'failed']),
  /** In whatever its kind counts; `total` where that is known. */
  progress: z.object({ done: z.int(), total: z.exactOptional(z.int()) }),
  /** Once it has succeeded: what came of it, as its kind says. */
  result: z.exactOptional(z.record(z.string(), z.unknown())),
  /** Once it has failed: a code of the error table. What was done until then stays. */
  error: z.exactOptional(
    z.object({
      code: z.string(),
      message: z.string(),
      details: z.exactOptional(z.record(z.string(), z.unknown())),
    }),
  ),
  created_at: time,
  updated_at: time,
});

/** Durable. */
export const committed = z.object({
  brane_id: braneId,
  op_id: opId,
  epoch,
  seq,
  at: time,
  /** Resolved; empty when the edit was committed before and its log entry is gone. */
  ops: z.array(op),
  /** Pointers that an undo left alone because they were changed since (SYNC U1). */
  skipped: z.exactOptional(z.array(z.object({ id: objectId, pointer: z.string() }))),
  /** True when this op id had been committed before. */
  replayed: z.boolean(),
});

/** A brane's id is its root group's id too: `brane` is the answer then. */
export const entity = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('brane'), brane }),
  z.object({ kind: z.literal('object'), object: sceneObject }),
  z.object({ kind: z.literal('user'), user: userSummary }),
  z.object({ kind: z.literal('prototype'), prototype }),
]);

export const popular = z.object({
  kind: z.enum(['brane', 'prototype']),
  id: z.string(),
  name: z.string(),
  /** The faded sum of what went on there, now: a visit 1, an edit 0.05, an instance 5, half as much after a week. */
  score: z.number(),
  /** Ever counted. */
  visits: z.int(),
  edits: z.int(),
  instances: z.int(),
});

export const health = z.object({
  status: z.enum(['ok', 'starting', 'draining', 'unavailable']),
  service: z.string(),
  /** What was looked at, by name. */
  checks: z.record(
    z.string(),
    z.object({ status: z.enum(['ok', 'degraded', 'unavailable']), message: z.exactOptional(z.string()) }),
  ),
});

export const errorMessageResponse = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    request_id: z.string(),
    retryable: z.boolean(),
    details: z.exactOptional(z.record(z.string(), z.unknown())),
  }),
});

export type UserResource = z.output<typeof user>;
export type AdminUserResource = z.output<typeof adminUser>;
export type InventoryItem = z.output<typeof inventoryItem>;
export type UserSummary = z.output<typeof userSummary>;
export type TokensResponse = z.output<typeof tokens>;
export type IdentityResource = z.output<typeof identity>;
export type SessionResource = z.output<typeof session>;
export type BraneResource = z.output<typeof brane>;
export type MemberResource = z.output<typeof member>;
export type SnapshotResponse = z.output<typeof snapshot>;
export type LogEntryResource = z.output<typeof logEntry>;
export type OperationResource = z.output<typeof operation>;
export type CommittedResponse = z.output<typeof committed>;
export type EntityResponse = z.output<typeof entity>;
export type HealthResponse = z.output<typeof health>;
