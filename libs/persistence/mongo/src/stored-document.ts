import { crc32 } from 'node:zlib';
import {
  chunkKey,
  decodePayload,
  indexKeysOfDocument,
  joinChunks,
  type KvEntry,
  type KvKey,
  type Layout,
  openHead,
  primaryOfIndexKey,
  sealIndexEntry,
} from '@state-server/persistence-records';
import type { Table, TableIndex } from './tables';

/**
 * A document in MongoDB. Beside these fields: one named like each index, which holds the index's key (see `entryText`), and
 * the fields of keys and indexes as they are, which nothing reads but people.
 */
export interface StoredDocument {
  /** The record's key, without its collection: in the order of keys, by text as MongoDB compares it. */
  readonly _id: string;
  /** The record's value: the document in CBOR, with its checksum; or its length, where it stands in chunks. */
  readonly _record?: Uint8Array;
  readonly _chunks?: Readonly<Record<string, Uint8Array>>;
  /** How often a transaction stood on this document without changing it. */
  readonly _guards?: number;
  /** The time of the expiry field, for MongoDB's own deletion. */
  readonly _expires?: Date;
  readonly [field: string]: unknown;
}

const CRC_DIGITS = 8;

export function idOf(table: Table, primary: KvKey): string {
  return primary.slice(table.layout.primary.prefix.length);
}

export function primaryOf(table: Table, id: string): KvKey {
  return table.layout.primary.prefix + id;
}

/**
 * What stands in an index's field: the index's key, and a checksum over it and the document's own key, so that an entry that
 * was damaged, or stands at another document, is found out (SYNC P3).
 */
export function entryText(index: TableIndex, indexKey: KvKey, primary: KvKey): string {
  const text = indexKey.slice(index.space.prefix.length);
  const crc = crc32(Buffer.from(`${text}\n${primary}`, 'latin1'));
  return text + crc.toString(16).padStart(CRC_DIGITS, '0');
}

/** The entry of an index as the record layer knows it; its value fails its checksum where the field does. */
export function entryOf(table: Table, index: TableIndex, document: StoredDocument): KvEntry | undefined {
  const text = document[index.name];
  if (typeof text !== 'string') return undefined;
  const key = index.space.prefix + text.slice(0, -CRC_DIGITS);
  const primary = primaryOf(table, document._id);
  const isIntact = entryText(index, key, primary) === text;
  return { key, value: isIntact ? sealIndexEntry(key, primary) : new Uint8Array(1) };
}

/** The document that an index entry with this key stands at, whether it is there or not. */
export function ownerOfEntry(table: Table, index: TableIndex, indexKey: KvKey): KvKey | undefined {
  return primaryOfIndexKey(table.layout, index.space, indexKey);
}

export function chunksOf(table: Table, document: StoredDocument): KvEntry[] {
  const primary = primaryOf(table, document._id);
  return Object.entries(document._chunks ?? {})
    .map(([number, value]) => ({ key: chunkKey(table.layout.chunkPrefix, primary, Number(number)), value }))
    .sort((left, right) => (left.key < right.key ? -1 : 1));
}

/** A record that is written whole. Its fields and index entries are made from the very bytes that are stored. */
export function documentOf(
  table: Table,
  primary: KvKey,
  value: Uint8Array,
  chunks: ReadonlyMap<number, Uint8Array>,
): StoredDocument {
  const content = open(table.layout, primary, value, chunks);
  const stored: Record<string, unknown> = { _id: idOf(table, primary) };
  for (const field of table.fields) {
    const part = content[field];
    if (part !== undefined && part !== null) stored[field] = part;
  }
  const keys = indexKeysOfDocument(table.layout, content);
  table.indexes.forEach((index, place) => {
    const key = keys[place];
    if (key !== undefined) stored[index.name] = entryText(index, key, primary);
  });
  const expires = table.expires === undefined ? undefined : content[table.expires];
  if (typeof expires === 'string') stored['_expires'] = new Date(expires);
  stored['_record'] = value;
  if (chunks.size > 0) stored['_chunks'] = Object.fromEntries(chunks);
  return stored as unknown as StoredDocument;
}

function open(
  layout: Layout,
  primary: KvKey,
  value: Uint8Array,
  chunks: ReadonlyMap<number, Uint8Array>,
): Readonly<Record<string, unknown>> {
  const head = openHead(layout.name, primary, value);
  if (head.chunks === 0) return decodePayload(head.rest);
  const parts = Array.from({ length: head.chunks }, (_, place) => chunks.get(place));
  return decodePayload(joinChunks(layout.name, primary, layout.chunkPrefix, head, parts));
}
