import type { Op, SceneObject } from '@state-server/domain';
import * as z from 'zod/mini';
import { type ErrorCode } from '../errors/error-table';
import { type ErrorDetails, StateError } from '../errors/state-error';
import { toMatrix } from '../schema/values';
import {
  type BraneOpsFrame,
  type BraneSnapshotFrame,
  SERVER_CONTROL_FRAMES,
  type ServerFrame,
} from './server-frames';

type Fields = Readonly<Record<string, unknown>>;

/**
 * A decoded value as a frame of the server. The server is trusted: `brane.ops` and `brane.snapshot`, which are most of
 * the traffic, are looked at only as far as the SDK relies on it; unknown fields are no error. Throws
 * `frame.unknown_type` (a newer server: ignore the frame) and `frame.invalid`.
 */
export function parseServerFrame(input: unknown): ServerFrame {
  if (!isFields(input) || typeof input['type'] !== 'string') {
    throw unreadable('frame.invalid', 'A frame is a map with a text field "type".');
  }
  if (isBraneOps(input)) return withTransforms(input, 'ops', reviveOp);
  if (isBraneSnapshot(input)) return withTransforms(input, 'objects', reviveObject);
  const type = input['type'];
  if (type === 'brane.ops' || type === 'brane.snapshot') {
    throw unreadable('frame.invalid', `A ${type} frame lacks a field.`, { type });
  }
  if (!isControlType(type))
    throw unreadable('frame.unknown_type', 'There is no frame of this type.', { type });
  const parsed = z.safeParse(SERVER_CONTROL_FRAMES[type], input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadable('frame.invalid', `/${issue?.path.join('/')} ${issue?.message}`, { type });
}

function unreadable(code: ErrorCode, message: string, details?: ErrorDetails): StateError {
  return new StateError(code, message, { status: 400, retryable: false }, details);
}

function isControlType(type: string): type is keyof typeof SERVER_CONTROL_FRAMES {
  return Object.hasOwn(SERVER_CONTROL_FRAMES, type);
}

function isFields(input: unknown): input is Fields {
  return typeof input === 'object' && input !== null;
}

function hasPosition(input: Fields): boolean {
  return (
    typeof input['brane_id'] === 'string' &&
    typeof input['epoch'] === 'string' &&
    typeof input['seq'] === 'number'
  );
}

function isBraneOps(input: Fields): input is Fields & BraneOpsFrame {
  return (
    input['type'] === 'brane.ops' &&
    hasPosition(input) &&
    typeof input['op_id'] === 'string' &&
    typeof input['actor'] === 'string' &&
    typeof input['at'] === 'string' &&
    Array.isArray(input['ops'])
  );
}

function isBraneSnapshot(input: Fields): input is Fields & BraneSnapshotFrame {
  return (
    input['type'] === 'brane.snapshot' &&
    hasPosition(input) &&
    typeof input['part'] === 'number' &&
    Array.isArray(input['objects'])
  );
}

/** In JSON a transform is an array: made a Float32Array again, so that reducers see one form. */
function withTransforms<Key extends string, Item, Frame extends { readonly [K in Key]: readonly Item[] }>(
  frame: Frame,
  key: Key,
  revive: (item: Item) => Item,
): Frame {
  const items: readonly Item[] = frame[key];
  const revived = items.map(revive);
  return revived.every((item, i) => item === items[i]) ? frame : { ...frame, [key]: revived };
}

function reviveOp(op: Op): Op {
  if (op.op === 'create') {
    const object = reviveObject(op.object);
    return object === op.object ? op : { ...op, object };
  }
  return op.op === 'transform' ? reviveTransform(op) : op;
}

/** An object as it came off the wire, with its transform as a Float32Array. */
export function reviveObject(object: SceneObject): SceneObject {
  return reviveTransform(object);
}

function reviveTransform<T extends { readonly transform: Float32Array }>(holder: T): T {
  return holder.transform instanceof Float32Array
    ? holder
    : { ...holder, transform: toMatrix(holder.transform) };
}
