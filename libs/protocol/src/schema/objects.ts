import type { Op, SceneObject } from '@state-server/domain';
import * as z from 'zod/mini';
import {
  braneCompany,
  braneSettings,
  forkedFrom,
  braneStatus,
  restrictions,
  role,
  visibility,
} from './brane-meta';
import { braneId, objectId, seq, time, userId, version } from './ids';
import { gallery, modelRef, pointer, prototypeRef } from './ops';
import { transform, value, valueMap } from './values';

/** What the server sends: fields that a client does not know are no error. */
const shared = {
  id: objectId,
  brane_id: braneId,
  parent_id: z.nullable(objectId),
  order: z.string(),
  name: z.string(),
  transform,
  properties: valueMap,
  prototype: z.nullable(prototypeRef),
  locked: z.exactOptional(z.literal(true)),
  pinned: z.exactOptional(z.literal(true)),
  expires_at: z.exactOptional(time),
  version,
  seq,
  created_at: time,
  updated_at: time,
  created_by: userId,
  updated_by: userId,
  co_edited: z.exactOptional(z.literal(true)),
  deleted_at: z.exactOptional(time),
};

export const group = z.object({
  kind: z.literal('group'),
  ...shared,
  is_brane: z.boolean(),
  link: z.exactOptional(braneId),
  gallery,
});

export const block = z.object({ kind: z.literal('block'), ...shared, model: z.nullable(modelRef) });

/** Domain `SceneObject`. */
export const sceneObject: z.ZodMiniType<SceneObject> = z.discriminatedUnion('kind', [group, block]);

/** A resolved op, as it stands in the log (domain `Op`). */
export const op: z.ZodMiniType<Op> = z.discriminatedUnion('op', [
  z.object({ op: z.literal('create'), object: sceneObject }),
  z.object({
    op: z.literal('update'),
    id: objectId,
    set: z.record(pointer, value),
    unset: z.array(pointer),
    version,
  }),
  z.object({ op: z.literal('transform'), id: objectId, transform, version }),
  z.object({ op: z.literal('move'), id: objectId, parent_id: objectId, order: z.string(), version }),
  z.object({ op: z.literal('delete'), id: objectId, version }),
  z.object({ op: z.literal('undelete'), id: objectId, version }),
  z.object({ op: z.literal('reorder'), parent_id: objectId, orders: z.record(objectId, z.string()) }),
  z.object({ op: z.literal('reap'), ids: z.array(objectId), moved_to: z.exactOptional(braneId) }),
  z.object({
    op: z.literal('set_brane'),
    name: z.exactOptional(z.string()),
    visibility: z.exactOptional(visibility),
    settings: z.exactOptional(braneSettings),
    archived_at: z.exactOptional(z.nullable(time)),
    forked_from: z.exactOptional(forkedFrom),
    bans: z.exactOptional(restrictions),
    mutes: z.exactOptional(restrictions),
    kicks: z.exactOptional(z.record(userId, time)),
    company: z.exactOptional(z.nullable(braneCompany)),
  }),
  z.object({ op: z.literal('set_member'), user_id: userId, role: z.nullable(role) }),
  z.object({ op: z.literal('set_status'), status: braneStatus, purge_after: z.exactOptional(time) }),
]);
