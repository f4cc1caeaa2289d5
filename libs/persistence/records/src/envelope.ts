import { crc32 } from 'node:zlib';
import { STORE_LIMITS, StoreError } from '@state-server/persistence-port';
import { STAMP_BYTES, type KvKey } from './ordered-kv';

/*
 * A stored value, head or chunk (integers big-endian):
 * 0  stamp of the write (8 bytes); the chunks of a record carry its head's
 * 8  number of chunks that hold the payload; 0: it follows here (1 byte)
 * 9  the payload; in a chunked record's head its length (4 bytes)
 * …  CRC-32 over the key and all of this (4 bytes)
 * An index entry: the primary key, then the same checksum.
 */
const CHUNKS_AT = STAMP_BYTES;
const PAYLOAD_AT = CHUNKS_AT + 1;
const CHECKSUM_BYTES = 4;
const CHUNK_BYTES = STORE_LIMITS.valueBytes - PAYLOAD_AT - CHECKSUM_BYTES;

/** Bytes of a value before and after its payload. */
export const VALUE_HEAD_BYTES = PAYLOAD_AT;
export const VALUE_TAIL_BYTES = CHECKSUM_BYTES;

/** 64 bits that no two writes share: a random half per process, and a counter. */
export interface Stamp {
  readonly high: number;
  readonly low: number;
}

/** FNV-1a; as the CRC's start value it makes a value that stands under another key fail. */
function keyHash(key: KvKey): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < key.length; place += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(place), 0x01000193);
  }
  return hash >>> 0;
}

/** Without a view: it is asked of every value that is read. */
function uint32At(bytes: Uint8Array, place: number): number {
  return (
    (((bytes[place] ?? 0) << 24) |
      ((bytes[place + 1] ?? 0) << 16) |
      ((bytes[place + 2] ?? 0) << 8) |
      (bytes[place + 3] ?? 0)) >>>
    0
  );
}

/** Of a stored value; undefined where it is too short to have one. */
export function stampOf(value: Uint8Array): Stamp | undefined {
  if (value.byteLength < STAMP_BYTES) return undefined;
  return { high: uint32At(value, 0), low: uint32At(value, 4) };
}

/** Whether the value was written by the write of this stamp. */
export function bears(value: Uint8Array, { high, low }: Stamp): boolean {
  return value.byteLength >= STAMP_BYTES && uint32At(value, 0) === high && uint32At(value, 4) === low;
}

/** Writes the checksum over all that is in the value before it. */
function addChecksum(key: KvKey, value: Buffer): Uint8Array {
  const end = value.byteLength - CHECKSUM_BYTES;
  value.writeUInt32BE(crc32(value.subarray(0, end), keyHash(key)), end);
  return value;
}

function isIntact(key: KvKey, value: Uint8Array): boolean {
  const end = value.byteLength - CHECKSUM_BYTES;
  return end > 0 && uint32At(value, end) === crc32(value.subarray(0, end), keyHash(key));
}

function seal(key: KvKey, stamp: Stamp, chunks: number, payload: Uint8Array): Uint8Array {
  const value = Buffer.allocUnsafe(PAYLOAD_AT + payload.byteLength + CHECKSUM_BYTES);
  value.set(payload, PAYLOAD_AT);
  return sealInPlace(key, stamp, value, chunks);
}

/** Writes the envelope around a payload that stands in the value already. */
export function sealInPlace(key: KvKey, stamp: Stamp, value: Buffer, chunks = 0): Uint8Array {
  value.writeUInt32BE(stamp.high, 0);
  value.writeUInt32BE(stamp.low, 4);
  value[CHUNKS_AT] = chunks;
  return addChecksum(key, value);
}

/** What stands between the envelope's parts. */
export function payloadIn(value: Uint8Array): Uint8Array {
  return value.subarray(PAYLOAD_AT, value.byteLength - CHECKSUM_BYTES);
}

/** A key for people: its texts, and dots for the rest. */
export function describeKey(key: KvKey): string {
  return key.slice(2).replaceAll(/[^ -~]+/g, '·');
}

/** Words for people: which record is damaged, without its content. */
export function corrupt(what: string, key: KvKey): StoreError {
  return new StoreError('corrupt', `the record ${what} ${describeKey(key)} failed its checksum`);
}

/** The head's value and, for a payload that does not fit into it, the chunks' values by their place. */
export interface SealedRecord {
  readonly head: Uint8Array;
  readonly chunks: readonly Uint8Array[];
}

export function chunkCount(payloadBytes: number): number {
  return payloadBytes <= CHUNK_BYTES ? 0 : Math.ceil(payloadBytes / CHUNK_BYTES);
}

/** Key of the n-th chunk: in its own space, beside the other chunks of the record. */
export function chunkKey(chunkPrefix: KvKey, recordKey: KvKey, place: number): KvKey {
  return chunkPrefix + recordKey.slice(chunkPrefix.length) + String.fromCharCode(place);
}

export function sealRecord(key: KvKey, chunkPrefix: KvKey, stamp: Stamp, payload: Uint8Array): SealedRecord {
  const count = chunkCount(payload.byteLength);
  if (count === 0) return { head: seal(key, stamp, 0, payload), chunks: [] };
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(payload.byteLength);
  const chunks = Array.from({ length: count }, (_, place) => {
    const part = payload.subarray(place * CHUNK_BYTES, (place + 1) * CHUNK_BYTES);
    return seal(chunkKey(chunkPrefix, key, place), stamp, count, part);
  });
  return { head: seal(key, stamp, count, length), chunks };
}

export interface OpenedHead {
  readonly value: Uint8Array;
  /** 0: the payload is in the head. */
  readonly chunks: number;
  /** The payload, or the length of it. */
  readonly rest: Uint8Array;
}

/** Checks and takes apart a head; throws `corrupt` (SYNC P3). */
export function openHead(collection: string, key: KvKey, value: Uint8Array): OpenedHead {
  if (!isIntact(key, value) || value.byteLength < PAYLOAD_AT + CHECKSUM_BYTES) throw corrupt(collection, key);
  return { value, chunks: value[CHUNKS_AT] ?? 0, rest: payloadIn(value) };
}

/** Puts a chunked payload together; a chunk that is damaged, absent or of another write is `corrupt` (SYNC P3). */
export function joinChunks(
  collection: string,
  key: KvKey,
  chunkPrefix: KvKey,
  head: OpenedHead,
  chunks: readonly (Uint8Array | undefined)[],
): Uint8Array {
  if (head.rest.byteLength !== 4) throw corrupt(collection, key);
  const payload = new Uint8Array(uint32At(head.rest, 0));
  let filled = 0;
  chunks.forEach((value, place) => {
    if (!value) throw corrupt(collection, key);
    const chunk = openHead(collection, chunkKey(chunkPrefix, key, place), value);
    const sameWrite =
      Buffer.compare(value.subarray(0, STAMP_BYTES), head.value.subarray(0, STAMP_BYTES)) === 0;
    if (!sameWrite || filled + chunk.rest.byteLength > payload.byteLength) throw corrupt(collection, key);
    payload.set(chunk.rest, filled);
    filled += chunk.rest.byteLength;
  });
  if (filled !== payload.byteLength) throw corrupt(collection, key);
  return payload;
}

export function sealIndexEntry(key: KvKey, primary: KvKey): Uint8Array {
  const value = Buffer.allocUnsafe(primary.length + CHECKSUM_BYTES);
  value.write(primary, 0, 'latin1');
  return addChecksum(key, value);
}

/** The primary key that an index entry leads to; throws `corrupt` (SYNC P3). */
export function openIndexEntry(index: string, key: KvKey, value: Uint8Array): KvKey {
  if (!isIntact(key, value)) throw corrupt(index, key);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength - CHECKSUM_BYTES).toString('latin1');
}
