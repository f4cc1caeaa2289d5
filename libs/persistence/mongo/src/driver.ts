import type { StoredDocument } from './stored-document';
import type { CollectionName } from '@state-server/persistence-port';

/*
 * The little of MongoDB that the adapter uses. The real one is mongoose-driver.ts; tests have one that answers with errors,
 * and one that keeps documents in memory.
 */

/** Documents by their ids, or those whose field lies in [from, below), in the order of that field. */
export type Query =
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | {
      readonly kind: 'range';
      /** `_id`, or the name of an index. */
      readonly field: string;
      readonly from: string;
      readonly below: string;
      readonly reverse: boolean;
      readonly limit: number;
      /** Only documents that have chunks. */
      readonly onlyChunked?: boolean;
    };

export type Change =
  /** Inserts it, or puts it in the place of the one with this id. */
  | { readonly kind: 'replace'; readonly document: StoredDocument }
  /** Sets and takes away single fields of a document, if it is there. */
  | {
      readonly kind: 'patch';
      readonly id: string;
      readonly set: Readonly<Record<string, unknown>>;
      readonly unset: readonly string[];
    }
  /** Counts `_guards` up, in a new document if there is none. */
  | { readonly kind: 'guard'; readonly id: string }
  | { readonly kind: 'delete'; readonly id: string };

export function idOfChange(change: Change): string {
  return change.kind === 'replace' ? change.document._id : change.id;
}

/**
 * One transaction at a time. Its operations come one after the other, never two at once. They reject with whatever the
 * driver threw (see failures.ts).
 */
export interface MongoSession {
  /** Begins a transaction; its snapshot is taken by the first operation. One that is open is given up. */
  start(): Promise<void>;
  find(collection: CollectionName, query: Query): Promise<readonly StoredDocument[]>;
  /** In their order. Answers which documents a `guard` made. */
  write(
    collection: CollectionName,
    changes: readonly Change[],
  ): Promise<{ readonly made: readonly string[] }>;
  commit(): Promise<void>;
  /** Gives the transaction up, if there is one, and the session back. Never rejects. */
  end(): Promise<void>;
}

/** An index as MongoDB lists it. */
export interface FoundIndex {
  readonly name: string;
  readonly key: Readonly<Record<string, unknown>>;
  readonly sparse?: boolean;
  readonly expireAfterSeconds?: number;
}

export interface MongoDriver {
  session(): MongoSession;
  /** The indexes of a collection; undefined where there is no such collection. */
  indexes(collection: CollectionName): Promise<readonly FoundIndex[] | undefined>;
  /** Makes a collection with its indexes, as far as they are not there. */
  build(collection: CollectionName): Promise<void>;
  /** Answers when a server that takes writes does. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
