import { Decoder } from 'cbor-x/decode';
import { inspectCbor } from './cbor-guard';
import { CborWriter } from './cbor-writer';
import { DecodeError, type DecodeOptions } from './decode-error';
import { toInteger } from './wire-values';

/** Bytes above which a writer's buffer is not kept for the next call. */
const KEPT_BUFFER_BYTES = 1024 * 1024;

let writer: CborWriter | undefined;
let reader: Decoder | undefined;

/**
 * Maps, arrays, text, numbers, booleans, null, Uint8Array, Float32Array (tag 85) and bigint within int64. Fields that are
 * undefined are left out; anything else (a Date, a function, malformed text) is a TypeError: it is our own mistake.
 */
export function encodeCbor(value: unknown): Uint8Array {
  writer ??= new CborWriter();
  const bytes = writer.encode(value);
  if (bytes.length > KEPT_BUFFER_BYTES) writer = undefined;
  return bytes;
}

/** One item that fills the bytes. Throws DecodeError. */
export function decodeCbor(bytes: Uint8Array, options?: DecodeOptions): unknown {
  if (bytes.length === 0) throw new DecodeError('empty', 'the input is empty', 0);
  const { end, wide } = inspectCbor(bytes, 0, options);
  if (end !== bytes.length) throw new DecodeError('trailing_bytes', 'bytes are left after the item', end);
  return decodeInspected(bytes, 0, end, wide);
}

/** A CBOR sequence (RFC 8742): items one behind the other. */
export function decodeCborSequence(bytes: Uint8Array, options?: DecodeOptions): unknown[] {
  const items: unknown[] = [];
  let at = 0;
  while (at < bytes.length) {
    const { end, wide } = inspectCbor(bytes, at, options);
    items.push(decodeInspected(bytes, at, end, wide));
    at = end;
  }
  return items;
}

function decodeInspected(bytes: Uint8Array, start: number, end: number, wide: boolean): unknown {
  // A view of its own: cbor-x attaches a property to what it reads, and must not hand out Buffers. It copies byte strings.
  const view = new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
  reader ??= new Decoder({ useRecords: false, mapsAsObjects: true, copyBuffers: true });
  const value: unknown = reader.decode(view);
  return wide ? narrow(value) : value;
}

/** cbor-x answers every 64-bit integer with bigint; what a number holds exactly becomes a number (SYNC S5). */
function narrow(value: unknown): unknown {
  if (typeof value === 'bigint') return toInteger(value);
  if (Array.isArray(value)) return value.map(narrow);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const map: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) map[key] = narrow(field);
  return map;
}
