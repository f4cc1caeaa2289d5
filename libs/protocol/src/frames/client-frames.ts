import * as z from 'zod/mini';
import { braneId, logPosition, objectId, opId } from '../schema/ids';
import { clientOps } from '../schema/ops';
import { valueMap } from '../schema/values';

/** Correlation: repeated in the answer as `in_reply_to`. */
const correlation = z.exactOptional(z.string().check(z.minLength(1), z.maxLength(64)));
const token = z.string().check(z.minLength(1), z.maxLength(4096));
const clientSeq = z.int().check(z.gte(1));

/** A region of a brane: metres in world space. Answered `op.unsupported` until region views exist. */
export const interest = z.strictObject({
  center: z.array(z.number()).check(z.length(3)),
  radius: z.number().check(z.gt(0)),
});

const hello = {
  type: z.literal('session.hello'),
  id: correlation,
  client: z.strictObject({
    name: z.string().check(z.minLength(1), z.maxLength(100)),
    version: z.string().check(z.minLength(1), z.maxLength(50)),
    /** PROTOCOL_VERSION of the client. */
    protocol: z.int().check(z.gte(1)),
  }),
};

/** First frame of every connection, once: with an access token, or with a single-use ticket (POST /websocket/ticket). */
export const sessionHello = z.union(
  [z.strictObject({ ...hello, token }), z.strictObject({ ...hello, ticket: token })],
  'must be {token or ticket, client: {name, version, protocol}}',
);

export const sessionRefresh = z.strictObject({ type: z.literal('session.refresh'), id: correlation, token });

export const systemPing = z.strictObject({ type: z.literal('system.ping'), id: correlation });

export const braneJoin = z.strictObject({
  type: z.literal('brane.join'),
  id: correlation,
  brane_id: braneId,
  /** What the client has already; without it, from another epoch or too far behind it gets a snapshot. */
  after: z.exactOptional(logPosition),
  /** Op ids whose fate the client does not know (SYNC R4). */
  pending: z.exactOptional(z.array(opId).check(z.maxLength(1000))),
  interest: z.exactOptional(interest),
});

/** What all that is committed under an op id carries (SYNC I1–I4). */
const mutation = {
  id: correlation,
  brane_id: braneId,
  op_id: opId,
  /** Gapless from 1 per session and brane (SYNC I3). */
  client_seq: clientSeq,
  /** This was sent before: its refusal is to be recorded too (SYNC I2). */
  again: z.exactOptional(z.boolean()),
  /** Where the client's copy of the log stood when it was first sent (SYNC I4). */
  first_sent: z.exactOptional(logPosition),
};

export const braneEdit = z.strictObject({ type: z.literal('brane.edit'), ...mutation, ops: clientOps });

export const braneUndo = z.strictObject({
  type: z.literal('brane.undo'),
  ...mutation,
  target_op_id: z.exactOptional(opId),
});

export const braneRedo = z.strictObject({
  type: z.literal('brane.redo'),
  ...mutation,
  target_op_id: z.exactOptional(opId),
});

export const braneLeave = z.strictObject({
  type: z.literal('brane.leave'),
  id: correlation,
  brane_id: braneId,
});

export const braneInterest = z.strictObject({
  type: z.literal('brane.interest'),
  id: correlation,
  brane_id: braneId,
  interest: z.nullable(interest),
});

/** Latest value per key of `state`; null takes a key away (SYNC R6). Not stored. */
export const presenceSet = z.strictObject({
  type: z.literal('presence.set'),
  id: correlation,
  brane_id: braneId,
  state: valueMap,
});

export const actionInvoke = z.strictObject({
  type: z.literal('action.invoke'),
  id: correlation,
  brane_id: braneId,
  object_id: objectId,
  action: z.string().check(z.minLength(1), z.maxLength(100)),
  args: valueMap,
  op_id: opId,
});

/** Every frame that a client may send, by its type. Unknown fields are refused. */
export const CLIENT_FRAMES = {
  'session.hello': sessionHello,
  'session.refresh': sessionRefresh,
  'system.ping': systemPing,
  'brane.join': braneJoin,
  'brane.edit': braneEdit,
  'brane.undo': braneUndo,
  'brane.redo': braneRedo,
  'brane.leave': braneLeave,
  'brane.interest': braneInterest,
  'presence.set': presenceSet,
  'action.invoke': actionInvoke,
} as const;

export type ClientFrameType = keyof typeof CLIENT_FRAMES;
export type Interest = z.output<typeof interest>;
export type SessionHelloFrame = z.output<typeof sessionHello>;
export type SessionRefreshFrame = z.output<typeof sessionRefresh>;
export type SystemPingFrame = z.output<typeof systemPing>;
export type BraneJoinFrame = z.output<typeof braneJoin>;
export type BraneEditFrame = z.output<typeof braneEdit>;
export type BraneUndoFrame = z.output<typeof braneUndo>;
export type BraneRedoFrame = z.output<typeof braneRedo>;
export type BraneLeaveFrame = z.output<typeof braneLeave>;
export type BraneInterestFrame = z.output<typeof braneInterest>;
export type PresenceSetFrame = z.output<typeof presenceSet>;
export type ActionInvokeFrame = z.output<typeof actionInvoke>;
export type ClientFrame =
  | SessionHelloFrame
  | SessionRefreshFrame
  | SystemPingFrame
  | BraneJoinFrame
  | BraneEditFrame
  | BraneUndoFrame
  | BraneRedoFrame
  | BraneLeaveFrame
  | BraneInterestFrame
  | PresenceSetFrame
  | ActionInvokeFrame;
