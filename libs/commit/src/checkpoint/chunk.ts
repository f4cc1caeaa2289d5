import type { ObjectId, SceneObject } from '@state-server/domain';
import { decodeCbor, encodeCbor, FROM_SERVER } from '@state-server/protocol';

/** Objects in the order of their ids, encoded as they go on the wire, one behind the other. */
export interface Chunk {
  /** Bytes of each object. */
  readonly lengths: readonly number[];
  readonly bytes: Uint8Array;
}

/** One object of a chunk. */
export interface Item {
  readonly object: SceneObject;
  readonly bytes: Uint8Array;
}

/** Where a chunk stands, and the place that it has among the others: ids from `first` to before the next one's `first`. */
export interface ChunkRef {
  readonly first: ObjectId;
  readonly build: string;
  readonly number: number;
  readonly objects: number;
  readonly bytes: number;
}

/**
 * A chunk is about so large: large enough that few reads make a snapshot, small enough that an edit makes little to write
 * anew, and that it fits into one value of the store.
 */
export const CHUNK_BYTES = { least: 8_192, target: 32_768, most: 65_536 } as const;

export function toItem(object: SceneObject): Item {
  return { object, bytes: encodeCbor(object) };
}

export function unpack({ lengths, bytes }: Chunk): Item[] {
  let at = 0;
  return lengths.map((length) => {
    const item = bytes.subarray(at, at + length);
    at += length;
    return { object: decodeCbor(item, FROM_SERVER) as SceneObject, bytes: item };
  });
}

export function pack(items: readonly Item[]): Chunk {
  const bytes = new Uint8Array(bytesOf(items));
  let at = 0;
  for (const item of items) {
    bytes.set(item.bytes, at);
    at += item.bytes.byteLength;
  }
  return { lengths: items.map((item) => item.bytes.byteLength), bytes };
}

export function bytesOf(items: readonly Item[]): number {
  let bytes = 0;
  for (const item of items) bytes += item.bytes.byteLength;
  return bytes;
}

/** Parts of about the same size when there is too much for one chunk. */
export function cut(items: readonly Item[]): (readonly Item[])[] {
  if (items.length === 0) return [];
  const total = bytesOf(items);
  if (total <= CHUNK_BYTES.most) return [items];
  const target = total / Math.ceil(total / CHUNK_BYTES.target);
  const parts: Item[][] = [];
  let part: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    if (part.length > 0 && bytes + item.bytes.byteLength > target) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(item);
    bytes += item.bytes.byteLength;
  }
  parts.push(part);
  return parts;
}
