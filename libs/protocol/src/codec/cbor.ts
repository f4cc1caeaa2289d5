import { Encoder } from 'cbor-x';
import { inspectCbor } from './cbor-guard';
import { DecodeError, type DecodeOptions } from './decode-error';
import { toPlain } from './to-plain';

let shared: Encoder | undefined;

/** Plain RFC 8949: no records, no string bundles, smallest map heads; byte strings are copied out of the input. */
function cborX(): Encoder {
  shared ??= new Encoder({
    useRecords: false,
    mapsAsObjects: true,
    variableMapSize: true,
    copyBuffers: true,
    tagUint8Array: false,
  });
  return shared;
}

/**
 * Maps, arrays, text, numbers, booleans, null, Uint8Array, Float32Array (tag 85) and bigint within int64. Fields that are
 * undefined are left out; anything else (a Date, a function, malformed text) is a TypeError: it is our own mistake.
 */
export function encodeCbor(value: unknown): Uint8Array {
  const bytes = cborX().encode(toPlain(value));
  // A plain view on exactly these bytes: cbor-x hands out a Buffer in Node.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
  // A view of its own: cbor-x attaches a property to what it reads, and must not hand out Buffers.
  const view = new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
  const value: unknown = cborX().decode(view);
  return wide ? narrow(value) : value;
}

/** cbor-x answers every 64-bit integer with bigint; what a number holds exactly becomes a number (SYNC S5). */
function narrow(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (Array.isArray(value)) return value.map(narrow);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const map: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) map[key] = narrow(field);
  return map;
}
