import { COLLECTIONS, type CollectionName } from '@state-server/persistence-port';
import { type KeySpace, type KvKey, type Layout, layoutOf } from '@state-server/persistence-records';

/** One index of the table, as MongoDB has it. */
export interface TableIndex {
  /** Of the table; also the name of the field that it is on, and of the index in MongoDB. */
  readonly name: string;
  readonly space: KeySpace;
}

/** One collection of the table, as MongoDB has it. */
export interface Table {
  readonly name: CollectionName;
  readonly layout: Layout;
  readonly indexes: readonly TableIndex[];
  /** Fields of keys and indexes, which stand beside the record for people and their queries. */
  readonly fields: readonly string[];
  /** Field whose time, and an hour, ends the document: MongoDB deletes it where that is harmless. */
  readonly expires: string | undefined;
}

/** Seconds after its time that MongoDB deletes a document: late rather than early (SYNC L4). */
export const EXPIRES_LATE_SECONDS = 3_600;

/**
 * Collections of which MongoDB itself may delete what has expired. Nothing else is told of a document's end, so only those
 * belong here that no other record points at or counts, and that nobody asks for after their time.
 */
const DELETED_BY_MONGODB: readonly CollectionName[] = ['transactions', 'tickets', 'idempotency_keys'];

interface Spec {
  readonly key: readonly string[];
  readonly indexes: Readonly<Record<string, { readonly fields: readonly string[] }>>;
  readonly expires?: string;
}

function compile(name: CollectionName): Table {
  const spec: Spec = COLLECTIONS[name];
  const layout = layoutOf(name);
  const names = [...layout.indexPlace.keys()];
  return {
    name,
    layout,
    indexes: layout.indexes.map((space, place) => ({ name: names[place] ?? space.name, space })),
    fields: [...new Set([...spec.key, ...Object.values(spec.indexes).flatMap(({ fields }) => fields)])],
    expires: DELETED_BY_MONGODB.includes(name) ? spec.expires : undefined,
  };
}

/** In the order of their keys. */
export const TABLES: readonly Table[] = (Object.keys(COLLECTIONS) as CollectionName[])
  .map((name) => compile(name))
  .sort((left, right) => (left.layout.primary.prefix < right.layout.primary.prefix ? -1 : 1));

export function tableOf(name: CollectionName): Table {
  const table = TABLES.find((each) => each.name === name);
  if (!table) throw new TypeError(`there is no collection '${name}'`);
  return table;
}

const BY_NUMBER = new Map(TABLES.map((table) => [table.layout.primary.prefix.charAt(0), table]));

/** What a key speaks of: a record, an entry of an index, or a part of a large record. */
export type Place =
  | { readonly kind: 'record'; readonly table: Table; readonly primary: KvKey }
  | { readonly kind: 'index'; readonly table: Table; readonly index: TableIndex }
  | { readonly kind: 'chunk'; readonly table: Table; readonly primary: KvKey; readonly number: number };

/** Undefined for a key of no collection, index or chunk of this version. */
export function placeOf(key: KvKey): Place | undefined {
  const table = BY_NUMBER.get(key.charAt(0));
  if (!table) return undefined;
  const { primary, chunkPrefix } = table.layout;
  if (key.startsWith(primary.prefix)) return { kind: 'record', table, primary: key };
  if (key.startsWith(chunkPrefix)) {
    const number = key.charCodeAt(key.length - 1);
    return {
      kind: 'chunk',
      table,
      primary: primary.prefix + key.slice(chunkPrefix.length, -1),
      number,
    };
  }
  const index = table.indexes.find(({ space }) => key.startsWith(space.prefix));
  return index && { kind: 'index', table, index };
}
