import {
  COLLECTIONS,
  STORE_LIMITS,
  StoreError,
  type CollectionName,
  type Key,
  type KeyPart,
} from '@state-server/persistence-port';
import { AFTER_ALL, encodeKey, encodePart, endOfPart } from './key';
import type { KvKey } from './ordered-kv';

/** One sorted space of keys: the records themselves, or one index of them. */
export interface KeySpace {
  readonly name: string;
  readonly prefix: KvKey;
  readonly fields: readonly string[];
}

export interface Layout {
  readonly name: CollectionName;
  readonly primary: KeySpace;
  readonly indexes: readonly KeySpace[];
  /** Index name → its place in `indexes`. */
  readonly indexPlace: ReadonlyMap<string, number>;
  readonly chunkPrefix: KvKey;
}

/** Spaces of a collection: 0 its records, 1–254 its indexes, 255 the chunks of large records. */
const PRIMARY_SPACE = 0;
const CHUNK_SPACE = 255;

function spacePrefix(collectionId: number, spaceId: number): KvKey {
  return String.fromCharCode(collectionId, spaceId);
}

/** What any of the collections' specifications has in common. */
interface StoredSpec {
  readonly id: number;
  readonly key: readonly string[];
  readonly indexes: Readonly<Record<string, { readonly id: number; readonly fields: readonly string[] }>>;
}

function compileLayout(name: CollectionName): Layout {
  const spec: StoredSpec = COLLECTIONS[name];
  const { key } = spec;
  const indexes = Object.entries(spec.indexes).map(([index, { id, fields }]) => ({
    name: `${name}.${index}`,
    prefix: spacePrefix(spec.id, id),
    fields: [...fields, ...key.filter((field) => !fields.includes(field))],
  }));
  return {
    name,
    primary: { name, prefix: spacePrefix(spec.id, PRIMARY_SPACE), fields: key },
    indexes,
    indexPlace: new Map(Object.keys(spec.indexes).map((index, place) => [index, place])),
    chunkPrefix: spacePrefix(spec.id, CHUNK_SPACE),
  };
}

const LAYOUTS = new Map<string, Layout>(
  (Object.keys(COLLECTIONS) as CollectionName[]).map((name) => [name, compileLayout(name)]),
);

export function layoutOf(name: CollectionName): Layout {
  const layout = LAYOUTS.get(name);
  if (!layout) throw new TypeError(`there is no collection '${name}'`);
  return layout;
}

function bounded(space: KeySpace, key: KvKey): KvKey {
  if (key.length > STORE_LIMITS.keyBytes) {
    throw new StoreError(
      'too_large',
      `a key of ${space.name} has ${key.length} bytes; at most ${STORE_LIMITS.keyBytes} are possible`,
    );
  }
  return key;
}

/** The key of a record, from the components of its primary key. */
export function primaryKey(layout: Layout, key: Key): KvKey {
  const { primary } = layout;
  if (key.length !== primary.fields.length) {
    throw new TypeError(
      `a key of ${layout.name} has the parts ${primary.fields.join(', ')}; got ${key.length}`,
    );
  }
  return bounded(primary, primary.prefix + encodeKey(key));
}

function isKeyPart(value: unknown): value is KeyPart {
  return typeof value === 'string' || typeof value === 'number';
}

/** The key of a record, from the record. */
export function keyOfDocument(layout: Layout, document: Readonly<Record<string, unknown>>): KvKey {
  const { primary } = layout;
  let key = primary.prefix;
  for (const field of primary.fields) {
    const value = document[field];
    if (!isKeyPart(value)) throw new TypeError(`a document of ${layout.name} has no usable '${field}'`);
    key += encodePart(value);
  }
  return bounded(primary, key);
}

/** One key per index, in the order of `layout.indexes`; `undefined` where the document lacks a field (absent or null). */
export function indexKeysOfDocument(
  layout: Layout,
  document: Readonly<Record<string, unknown>>,
): readonly (KvKey | undefined)[] {
  return layout.indexes.map((space) => {
    let key = space.prefix;
    for (const field of space.fields) {
      const value = document[field];
      if (value === undefined || value === null) return undefined;
      if (!isKeyPart(value))
        throw new TypeError(`'${field}' of a document cannot be in the index ${space.name}`);
      key += encodePart(value);
    }
    return bounded(space, key);
  });
}

/** The space that a range read walks. */
export function walkedSpace(
  layout: Layout,
  index: string | undefined,
): { space: KeySpace; place: number | undefined } {
  if (index === undefined) return { space: layout.primary, place: undefined };
  const place = layout.indexPlace.get(index);
  const space = place === undefined ? undefined : layout.indexes[place];
  if (!space) throw new TypeError(`${layout.name} has no index '${index}'`);
  return { space, place };
}

export interface RangeBounds {
  readonly prefix: Key;
  readonly gt?: Key | undefined;
  readonly gte?: Key | undefined;
  readonly lt?: Key | undefined;
  readonly lte?: Key | undefined;
}

/** Half-open interval of keys. A bound with fewer components than the key stands for all keys that start with it. */
export function keyInterval(space: KeySpace, bounds: RangeBounds): { start: KvKey; end: KvKey } {
  const base = space.prefix + encodeKey(bounds.prefix);
  let start = base;
  let end = base + AFTER_ALL;
  if (bounds.gte) start = base + encodeKey(bounds.gte);
  if (bounds.gt) {
    const after = base + encodeKey(bounds.gt) + AFTER_ALL;
    if (after > start) start = after;
  }
  if (bounds.lte) end = base + encodeKey(bounds.lte) + AFTER_ALL;
  if (bounds.lt) {
    const before = base + encodeKey(bounds.lt);
    if (before < end) end = before;
  }
  return { start, end };
}

/**
 * The key of the record that an index entry with this key leads to: it holds all fields of the primary key, encoded in the
 * same way, so they only have to be put in order. Undefined for what is no key of this index.
 */
export function primaryOfIndexKey(layout: Layout, space: KeySpace, indexKey: KvKey): KvKey | undefined {
  const parts = new Map<string, KvKey>();
  let at = space.prefix.length;
  for (const field of space.fields) {
    const end = endOfPart(indexKey, at);
    if (end === undefined) return undefined;
    parts.set(field, indexKey.slice(at, end));
    at = end;
  }
  let key = layout.primary.prefix;
  for (const field of layout.primary.fields) {
    const part = parts.get(field);
    if (part === undefined) return undefined;
    key += part;
  }
  return key;
}
