import type { CollectionName, IndexName, Key } from './collections';
import type { Documents } from './documents';

export interface RangeOptions<Name extends CollectionName> {
  /** Walk this index instead of the primary key. */
  readonly index?: IndexName<Name>;
  /** Only keys (of the index or the primary key) that start with these components; may be empty. */
  readonly prefix: Key;
  /** Components after the prefix. Exclusive lower / inclusive lower / exclusive upper / inclusive upper bound. */
  readonly gt?: Key;
  readonly gte?: Key;
  readonly lt?: Key;
  readonly lte?: Key;
  readonly reverse?: boolean;
  /** At most this many documents; required, so that no read is unbounded. */
  readonly limit: number;
}

/** Reads from one snapshot of the store. */
export interface ReadTransaction {
  get<Name extends CollectionName>(collection: Name, key: Key): Promise<Documents[Name] | undefined>;
  /** As many answers as keys, in their order. */
  getMany<Name extends CollectionName>(
    collection: Name,
    keys: readonly Key[],
  ): Promise<(Documents[Name] | undefined)[]>;
  range<Name extends CollectionName>(
    collection: Name,
    options: RangeOptions<Name>,
  ): Promise<Documents[Name][]>;
}

/**
 * A read-write transaction: sees its own writes. It commits only if no key that it wrote or guarded was changed by
 * somebody else since its snapshot; other reads are not validated (SYNC P1), so every invariant that rests on a read
 * names its guard.
 */
export interface Transaction extends ReadTransaction {
  /** Conflict if this key is written, created or deleted by another before this transaction commits. */
  guard(collection: CollectionName, key: Key): void;
  /** Inserts or replaces; the key and the index entries are taken from the document. */
  put<Name extends CollectionName>(collection: Name, document: Documents[Name]): void;
  /** Deleting what is not there is no error. */
  delete(collection: CollectionName, key: Key): void;
}

export interface TransactOptions {
  /** For logs and metrics: `commit.group`, `auth.refresh`, … */
  readonly label: string;
  /** Milliseconds for all attempts together; default 5,000. */
  readonly deadlineMs?: number;
  /** Attempts after a conflict; default 20. Backoff with jitter between them. */
  readonly maxRetries?: number;
}

/**
 * The only way to what is stored. Errors are `StoreError`s:
 * - `conflict`: every attempt lost against another writer;
 * - `deadline`: out of time, and certainly not committed;
 * - `outcome_unknown`: out of time, and it may have been committed (the transaction's own record will tell);
 * - `too_large`: a key, value or transaction is over the common limits;
 * - `unavailable`: the store does not answer (disk full included); nothing was committed;
 * - `corrupt`: a record failed its checksum; names the record;
 * - `format`: the data was written by a version that this one cannot read.
 * Whatever else the callback throws is rethrown as it is, after nothing was written.
 */
export interface Store {
  /** `lmdb`, `memory`, …: for people only; nothing may depend on it. */
  readonly kind: string;
  /** Runs the callback, commits, retries on conflict. The callback may run several times: no side effects in it. */
  transact<T>(options: TransactOptions, callback: (tx: Transaction) => Promise<T>): Promise<T>;
  read<T>(options: TransactOptions, callback: (tx: ReadTransaction) => Promise<T>): Promise<T>;
  /** Answers if the store is in working order (used by readiness). Throws a StoreError otherwise. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export type StoreErrorCode =
  'conflict' | 'deadline' | 'outcome_unknown' | 'too_large' | 'unavailable' | 'corrupt' | 'format';

export class StoreError extends Error {
  constructor(
    readonly code: StoreErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'StoreError';
  }
}

/** The same on every store (ARCHITECTURE: the strictest of all of them). */
export const STORE_LIMITS = {
  /** Bytes of an encoded key. */
  keyBytes: 1_900,
  /** Bytes of one physical value; larger documents are chunked by the record layer up to `documentBytes`. */
  valueBytes: 100_000,
  /** Bytes of one encoded document. */
  documentBytes: 800_000,
  /** Bytes of all that one transaction writes, keys and values. */
  transactionBytes: 1_000_000,
  /** Milliseconds from a transaction's first read to its commit. */
  transactionMs: 5_000,
} as const;
