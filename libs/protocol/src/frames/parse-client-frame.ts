import { decodeCbor } from '../codec/cbor';
import { DecodeError } from '../codec/decode-error';
import { decodeJson } from '../codec/json';
import type { ErrorCode } from '../errors/error-table';
import { fail } from '../errors/fail';
import type { StateError } from '../errors/state-error';
import { parseWith } from '../schema/parse';
import { CLIENT_FRAMES, type ClientFrame, type ClientFrameType } from './client-frames';

function isClientFrameType(type: string): type is ClientFrameType {
  return Object.hasOwn(CLIENT_FRAMES, type);
}

/**
 * A decoded value as a frame. Throws StateError: `frame.invalid` with the problems and their paths,
 * `frame.unknown_type`, or the more precise code of a rule (`transform.not_finite`).
 */
export function parseClientFrame(input: unknown): ClientFrame {
  const type = frameType(input);
  if (!isClientFrameType(type)) {
    throw fail('frame.unknown_type', { type: type.slice(0, 64) }, 'There is no frame of this type.');
  }
  return parseWith(CLIENT_FRAMES[type], input, 'frame.invalid');
}

/** The `type` of a decoded frame, whatever else is in it. */
function frameType(input: unknown): string {
  const type: unknown =
    typeof input === 'object' && input !== null && 'type' in input ? input.type : undefined;
  if (typeof type !== 'string')
    throw fail('frame.invalid', undefined, 'A frame is a map with a text field "type".');
  return type;
}

/** One message of a client as it came from the socket: decoded and checked. Throws StateError. */
export function readClientFrame(data: Uint8Array | string): ClientFrame {
  return parseClientFrame(decodeFrame(data));
}

/** Decodes without looking at the fields. Throws `frame.malformed`. */
export function decodeFrame(data: Uint8Array | string): unknown {
  try {
    return typeof data === 'string' ? decodeJson(data) : decodeCbor(data);
  } catch (error) {
    throw fromDecodeError(error, 'frame.malformed');
  }
}

/** A DecodeError under the code of the door that met it; anything else as it is. */
export function fromDecodeError(error: unknown, code: Extract<ErrorCode, `${string}.malformed`>): StateError {
  if (!(error instanceof DecodeError)) throw error;
  return fail(code, { reason: error.reason }, `Not well-formed: ${error.message}.`, { cause: error });
}
