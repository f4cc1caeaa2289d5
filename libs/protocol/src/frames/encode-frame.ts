import { decodeCborSequence, encodeCbor } from '../codec/cbor';
import { FROM_SERVER } from '../codec/decode-error';
import { decodeJson, encodeJson } from '../codec/json';
import type { ClientFrame } from './client-frames';
import type { ServerFrame } from './server-frames';

export type WireFormat = 'cbor' | 'json';

/** Version of frames and bodies; `session.hello` names the client's. Raised when a client of the old one would go wrong. */
export const PROTOCOL_VERSION = 1;

export const SUBPROTOCOLS = { cbor: 'state.v1.cbor', json: 'state.v1.json' } as const;

/** Bytes of one message of a client; above it is `frame.too_large`, and the connection lives. */
export const MAX_CLIENT_MESSAGE_BYTES = 64 * 1024;
/** Bytes above which a message is not even read: the connection ends with 1009. */
export const MAX_READ_MESSAGE_BYTES = 1024 * 1024;
/** Bytes of one encoded `brane.snapshot`. */
export const MAX_SNAPSHOT_CHUNK_BYTES = 256 * 1024;

/** The format of a subprotocol, undefined when it is none of ours. */
export function formatOf(subprotocol: string): WireFormat | undefined {
  if (subprotocol === SUBPROTOCOLS.cbor) return 'cbor';
  return subprotocol === SUBPROTOCOLS.json ? 'json' : undefined;
}

export function encodeFrame(frame: ClientFrame | ServerFrame, format: 'cbor'): Uint8Array;
export function encodeFrame(frame: ClientFrame | ServerFrame, format: 'json'): string;
export function encodeFrame(frame: ClientFrame | ServerFrame, format: WireFormat): Uint8Array | string;
export function encodeFrame(frame: ClientFrame | ServerFrame, format: WireFormat): Uint8Array | string {
  return format === 'cbor' ? encodeCbor(frame) : encodeJson(frame);
}

/** Several encoded frames as one WebSocket message: a CBOR sequence (RFC 8742). */
export function concatFrames(frames: readonly Uint8Array[]): Uint8Array {
  const [only] = frames;
  if (frames.length === 1 && only !== undefined) return only;
  let length = 0;
  for (const frame of frames) length += frame.length;
  const message = new Uint8Array(length);
  let at = 0;
  for (const frame of frames) {
    message.set(frame, at);
    at += frame.length;
  }
  return message;
}

/** The same for JSON: an array of frames; one frame stays as it is. */
export function concatJsonFrames(frames: readonly string[]): string {
  const [only] = frames;
  return frames.length === 1 && only !== undefined ? only : `[${frames.join(',')}]`;
}

/** The frames of one message of the server, decoded but not yet parsed. Throws DecodeError. */
export function splitFrames(message: Uint8Array | string): unknown[] {
  if (typeof message !== 'string') return decodeCborSequence(message, FROM_SERVER);
  // The array around the frames is one level more than a frame has.
  const value = decodeJson(message, { ...FROM_SERVER, maxDepth: 33 });
  return Array.isArray(value) ? value : [value];
}

/** The JSON form of an encoded CBOR frame: made once per gateway and shared by its JSON clients. */
export function transcodeToJson(frames: Uint8Array): string {
  return concatJsonFrames(decodeCborSequence(frames, FROM_SERVER).map(encodeJson));
}
