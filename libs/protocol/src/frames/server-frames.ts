import type { BraneId, Epoch, Op, OpId, SceneObject, UserId } from '@state-server/domain';
import * as z from 'zod/mini';
import type { SystemError } from '../errors/fail';
import { braneMeta, roleOrGuest } from '../schema/brane-meta';
import { braneId, epoch, objectId, opId, seq, sessionId, time, userId } from '../schema/ids';
import { valueMap } from '../schema/values';

/** The `id` of the frame that is answered. */
const inReplyTo = z.exactOptional(z.string());

export const sessionWelcome = z.object({
  type: z.literal('session.welcome'),
  in_reply_to: inReplyTo,
  session_id: sessionId,
  /** `guest`: he has no account. */
  user: z.object({ id: userId, name: z.string(), guest: z.exactOptional(z.literal(true)) }),
  /** A client that is silent for longer is taken for dead: ping at least that often, in ms. */
  heartbeat_ms: z.int(),
  server_time: time,
  /** The limits table; the unit is part of each name. */
  limits: z.record(z.string(), z.number()),
});

export const sessionRefreshed = z.object({
  type: z.literal('session.refreshed'),
  in_reply_to: inReplyTo,
  /** When the new token expires. */
  expires_at: time,
});

export const systemPong = z.object({
  type: z.literal('system.pong'),
  in_reply_to: inReplyTo,
  server_time: time,
});

export const systemError = z.object({
  type: z.literal('system.error'),
  code: z.string(),
  message: z.string(),
  retryable: z.boolean(),
  in_reply_to: inReplyTo,
  brane_id: z.exactOptional(z.string()),
  /** The edit that is refused. */
  op_id: z.exactOptional(z.string()),
  retry_after_ms: z.exactOptional(z.number()),
  details: z.exactOptional(z.record(z.string(), z.unknown())),
});

/** The gateway is going: connect again after so many ms, nothing acknowledged is lost. */
export const systemDraining = z.object({ type: z.literal('system.draining'), reconnect_in_ms: z.int() });

export const braneJoined = z.object({
  type: z.literal('brane.joined'),
  in_reply_to: inReplyTo,
  brane_id: braneId,
  epoch,
  /** The state that follows is complete up to here. */
  seq,
  mode: z.enum(['snapshot', 'replay']),
  role: roleOrGuest,
  /** Of the `pending` op ids those that are part of that state (SYNC R4). */
  committed: z.array(opId),
  /** The brane besides its objects, as of `seq`. */
  meta: braneMeta,
});

export const braneSynced = z.object({ type: z.literal('brane.synced'), brane_id: braneId, epoch, seq });

/** Durable. The same op id again gets the same answer. */
export const braneAck = z.object({
  type: z.literal('brane.ack'),
  in_reply_to: inReplyTo,
  brane_id: braneId,
  op_id: opId,
  epoch,
  seq,
  /** Pointers that an undo left alone because they were changed since (SYNC U1). */
  skipped: z.exactOptional(z.array(z.object({ id: objectId, pointer: z.string() }))),
});

/**
 * `left`: as asked; `removed`: no longer allowed to see it; `deleted`: the brane is gone; `kicked`: he may come back; `banned`: he
 * may not. A `system.error` with the reason of a kick or ban follows.
 */
export const braneLeft = z.object({
  type: z.literal('brane.left'),
  in_reply_to: inReplyTo,
  brane_id: braneId,
  reason: z.enum(['left', 'removed', 'deleted', 'kicked', 'banned']),
});

export const braneRole = z.object({ type: z.literal('brane.role'), brane_id: braneId, role: roleOrGuest });

/** What changed since the last update: keys of each session's state (null: taken away), and sessions that are gone. */
export const presenceUpdate = z.object({
  type: z.literal('presence.update'),
  brane_id: braneId,
  entries: z.array(z.object({ session_id: sessionId, user_id: userId, state: valueMap })),
  left: z.array(sessionId),
});

/** The frames that the SDK checks in full; fields that it does not know are dropped. */
export const SERVER_CONTROL_FRAMES = {
  'session.welcome': sessionWelcome,
  'session.refreshed': sessionRefreshed,
  'system.pong': systemPong,
  'system.error': systemError,
  'system.draining': systemDraining,
  'brane.joined': braneJoined,
  'brane.synced': braneSynced,
  'brane.ack': braneAck,
  'brane.left': braneLeft,
  'brane.role': braneRole,
  'presence.update': presenceUpdate,
} as const;

/** One log entry: resolved ops, applied in seq order with the shared reducer. */
export interface BraneOpsFrame {
  readonly type: 'brane.ops';
  readonly brane_id: BraneId;
  readonly epoch: Epoch;
  readonly seq: number;
  readonly op_id: OpId;
  readonly actor: UserId;
  /** RFC 3339. */
  readonly at: string;
  readonly ops: readonly Op[];
}

/**
 * A part of the state at `seq`; objects marked as deleted are included. The objects come in no order that means anything: a
 * child may come before its parent, so the tree is put together when the last part is there (`brane.synced`, or the first
 * entry behind it).
 */
export interface BraneSnapshotFrame {
  readonly type: 'brane.snapshot';
  readonly brane_id: BraneId;
  readonly epoch: Epoch;
  readonly seq: number;
  /** From 0. */
  readonly part: number;
  readonly objects: readonly SceneObject[];
}

export type SessionWelcomeFrame = z.output<typeof sessionWelcome>;
export type SessionRefreshedFrame = z.output<typeof sessionRefreshed>;
export type SystemPongFrame = z.output<typeof systemPong>;
export type SystemErrorFrame = SystemError;
export type SystemDrainingFrame = z.output<typeof systemDraining>;
export type BraneJoinedFrame = z.output<typeof braneJoined>;
export type BraneSyncedFrame = z.output<typeof braneSynced>;
export type BraneAckFrame = z.output<typeof braneAck>;
export type BraneLeftFrame = z.output<typeof braneLeft>;
export type BraneRoleFrame = z.output<typeof braneRole>;
export type PresenceUpdateFrame = z.output<typeof presenceUpdate>;
export type ServerFrame =
  | SessionWelcomeFrame
  | SessionRefreshedFrame
  | SystemPongFrame
  | SystemErrorFrame
  | SystemDrainingFrame
  | BraneJoinedFrame
  | BraneSyncedFrame
  | BraneAckFrame
  | BraneLeftFrame
  | BraneRoleFrame
  | PresenceUpdateFrame
  | BraneOpsFrame
  | BraneSnapshotFrame;
export type ServerFrameType = ServerFrame['type'];
