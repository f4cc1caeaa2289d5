import type { CollectionName, Key } from './collections';
import type { Documents } from './documents';

/**
 * Where something stood when it was read. A scope is whatever has one order of changes: a brane by its log (its objects,
 * members, roles, visibility and settings all advance its head: SYNC L6), any other document by its version.
 */
export interface Place {
  /** `brane:{id}`, `user:{id}`, … */
  readonly scope: string;
  /** Opaque; places of two epochs cannot be compared (SYNC L3). Empty where a version counts. */
  readonly epoch: string;
  readonly seq: number;
}

/**
 * How new an answer must be:
 * - `trusted`: what the store held at some time within the stated staleness;
 * - `latest`: what it holds now;
 * - places that the reader has seen (SYNC R7): no older than those of its own scope. A scope that is not among them is
 *   read as `latest`, for nothing tells what the reader knows of it.
 */
export type Demand = 'trusted' | 'latest' | readonly Pick<Place, 'epoch' | 'seq'>[];

/** What was read, frozen and shared by all who read the same. */
export interface Loaded<T> {
  readonly value: T;
  readonly place: Place;
  /** What the same snapshot told besides: kept under these keys at the same place. */
  readonly also?: readonly { readonly key: string; readonly value: unknown }[];
}

export interface CacheRead<T> {
  /** Names what is read, and nothing else: `object:{id}`. A document with a scope of its own has that as its key. */
  readonly key: string;
  readonly demand: Demand;
  /** Reads it from one snapshot of the store; undefined when it is not there. Of those who ask at the same time one does. */
  readonly load: () => Promise<Loaded<T> | undefined>;
}

/**
 * What was read from the store, for doors that only read. Never consulted inside a transaction, and never before a write:
 * what it answers may be as old as the stated staleness. Rejects only with what `load` (or the store) rejects with.
 */
export interface ReadCache {
  /** At once where this process can tell. */
  read<T>(read: CacheRead<T>): Loaded<T> | undefined | Promise<Loaded<T> | undefined>;
}

/** What a committed transaction has changed, as far as anything cached depends on it. */
export interface Changes {
  readonly places: readonly Place[];
  /** Of which nobody can say where they stand now: deleted, or their commit's outcome is unknown. */
  readonly doubtful: readonly string[];
  /** Ids were given out or taken back: what was not there may be there now. */
  readonly ids: boolean;
}

interface ScopeRow<Name extends CollectionName> {
  readonly scope: string;
  readonly of: (document: Documents[Name]) => {
    readonly id: string;
    readonly epoch: string;
    readonly seq: number;
  };
}

/** The collections whose documents say where a scope stands. */
export type ScopedCollection = 'heads' | 'users';

/** The scope's name, and how to read its place. */
const SCOPES: { readonly [Name in ScopedCollection]: ScopeRow<Name> } = {
  heads: { scope: 'brane', of: ({ brane_id: id, epoch, seq }) => ({ id, epoch, seq }) },
  users: { scope: 'user', of: ({ id, version }) => ({ id, epoch: '', seq: version }) },
};

export function isScoped(collection: CollectionName): collection is ScopedCollection {
  return Object.hasOwn(SCOPES, collection);
}

/** The collections whose documents make an id known that was not. */
const ID_COLLECTIONS: ReadonlySet<CollectionName> = new Set(['object_ids', 'users']);

export function givesIds(collection: CollectionName): boolean {
  return ID_COLLECTIONS.has(collection);
}

/** The scope of the document under this key. */
export function scopeOf(collection: ScopedCollection, key: Key): string {
  return [SCOPES[collection].scope, ...key].join(':');
}

/** Where this document says that its scope stands. */
export function placeOf<Name extends ScopedCollection>(collection: Name, document: Documents[Name]): Place {
  const row: ScopeRow<Name> = SCOPES[collection];
  const { id, epoch, seq } = row.of(document);
  return { scope: `${row.scope}:${id}`, epoch, seq };
}
