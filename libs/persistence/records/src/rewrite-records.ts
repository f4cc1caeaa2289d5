import { StoreError, type CollectionName, type Documents, type Key } from '@state-server/persistence-port';
import { chunkKey, openIndexEntry, payloadIn, sealIndexEntry, sealRecord, type Stamp } from './envelope';
import { openDocument } from './inspect-records';
import { AFTER_ALL } from './key';
import {
  indexKeysOfDocument,
  keyOfDocument,
  layoutOf,
  primaryKey,
  primaryOfIndexKey,
  type Layout,
} from './layout';
import type { KvKey, KvTransaction, OrderedKv } from './ordered-kv';
import { encodeDraft } from './payload';

/** One document of a named collection. */
export type NamedDocument = {
  [Name in CollectionName]: { readonly collection: Name; readonly document: Documents[Name] };
}[CollectionName];

export interface RewriteOptions {
  readonly label: string;
  /** Conflict (nothing is written) when one of these changed meanwhile. */
  readonly guards: readonly { readonly collection: CollectionName; readonly key: Key }[];
  /** Written with all index entries and chunks, whatever stood there before, readable or not. */
  readonly put: readonly NamedDocument[];
  readonly remove: readonly { readonly collection: CollectionName; readonly key: Key }[];
}

/** A record is there, and says nothing. */
const UNREADABLE = Symbol('unreadable');

type Writes = Map<KvKey, Uint8Array | undefined>;

/**
 * For repairs: writes records without looking at what they replace, which a transaction of the store could not, for it
 * would have to read it. Index entries of what stood there before stay behind where they cannot be known:
 * `rewriteIndexEntry` takes those away.
 */
export async function rewriteRecords(
  kv: OrderedKv,
  nextStamp: () => Stamp,
  options: RewriteOptions,
): Promise<void> {
  const tx = await kv.begin();
  try {
    const writes: Writes = new Map();
    const guards = new Set<KvKey>();
    for (const { collection, key } of options.guards) guards.add(primaryKey(layoutOf(collection), key));
    for (const { collection, key } of options.remove) {
      const layout = layoutOf(collection);
      await clear(tx, layout, primaryKey(layout, key), writes);
    }
    for (const { collection, document } of options.put) {
      const layout = layoutOf(collection);
      const fields = document as unknown as Readonly<Record<string, unknown>>;
      const key = keyOfDocument(layout, fields);
      await clear(tx, layout, key, writes);
      const payload = payloadIn(encodeDraft(collection, document));
      const sealed = sealRecord(key, layout.chunkPrefix, nextStamp(), payload);
      writes.set(key, sealed.head);
      sealed.chunks.forEach((value, place) => writes.set(chunkKey(layout.chunkPrefix, key, place), value));
      for (const indexKey of indexKeysOfDocument(layout, fields)) {
        if (indexKey !== undefined) writes.set(indexKey, sealIndexEntry(indexKey, key));
      }
    }
    await tx.commit({ label: options.label, guards, writes, bytes: bytesOf(writes) });
  } finally {
    tx.abandon();
  }
}

/** Takes away the record, all its chunks, and the index entries that its content names, as far as it can be read. */
async function clear(tx: KvTransaction, layout: Layout, key: KvKey, writes: Writes): Promise<void> {
  const value = await tx.get(key);
  if (value) {
    writes.set(key, undefined);
    try {
      const document = await openDocument(tx, layout, key, value);
      for (const indexKey of indexKeysOfDocument(layout, document)) {
        if (indexKey !== undefined) writes.set(indexKey, undefined);
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }
  const chunks = chunkKey(layout.chunkPrefix, key, 0).slice(0, -1);
  const limit = 256;
  for (const { key: chunk } of await tx.range(chunks, chunks + AFTER_ALL, { reverse: false, limit })) {
    if (chunk.length === chunks.length + 1) writes.set(chunk, undefined);
  }
}

/**
 * Makes one key of an index, or one chunk, what the records say that it is to be: written anew, or taken away. Answers
 * false where the record that it belongs to cannot be read.
 */
export async function rewriteIndexEntry(
  kv: OrderedKv,
  layoutName: CollectionName,
  key: KvKey,
): Promise<boolean> {
  const layout = layoutOf(layoutName);
  const place = layout.indexes.findIndex(({ prefix }) => key.startsWith(prefix));
  const tx = await kv.begin();
  try {
    const primary = await ownerOf(tx, layout, place, key);
    if (primary === UNREADABLE) return false;
    const value = primary === undefined ? undefined : sealIndexEntry(key, primary);
    const writes: Writes = new Map([[key, value]]);
    const guards = primary === undefined ? [] : [primary];
    await tx.commit({ label: 'store.repair.index', guards, writes, bytes: bytesOf(writes) });
    return true;
  } finally {
    tx.abandon();
  }
}

/** The record that an index entry with this key is to lead to; undefined when there is none, and for what is no index. */
async function ownerOf(
  tx: KvTransaction,
  layout: Layout,
  place: number,
  key: KvKey,
): Promise<KvKey | typeof UNREADABLE | undefined> {
  const space = layout.indexes[place];
  if (!space) return undefined;
  const entry = await tx.get(key);
  const candidates = new Set<KvKey>();
  if (entry) {
    try {
      candidates.add(openIndexEntry(space.name, key, entry));
    } catch {
      // It says nothing any more: the index's own key names the record.
    }
  }
  const named = primaryOfIndexKey(layout, space, key);
  if (named !== undefined) candidates.add(named);
  for (const primary of candidates) {
    const stored = await tx.get(primary);
    if (!stored) continue;
    try {
      if (indexKeysOfDocument(layout, await openDocument(tx, layout, primary, stored))[place] === key) {
        return primary;
      }
    } catch {
      return UNREADABLE;
    }
  }
  return undefined;
}

function bytesOf(writes: Writes): number {
  let bytes = 0;
  for (const [key, value] of writes) bytes += key.length + (value?.byteLength ?? 0);
  return bytes;
}
