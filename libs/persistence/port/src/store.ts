import type { CollectionName, IndexName, Key } from './collections';
import type { Documents } from './documents';

export interface RangeOptions<Name extends CollectionName> {
  /** Walk this index instead of the primary key. */
  readonly index?: IndexName<Name>;
  /** Only keys (of the index or the primary key) that start with these components; may be empty. */
  readonly prefix: Key;
  /**
   * Components after the prefix. Exclusive lower / inclusive lower / exclusive upper / inclusive upper bound. A bound with
   * fewer components than the key stands for all keys that start with it: `gt: [5]` begins after the last of them. So a
   * page of an index goes on after the whole key of its last document: the index's fields and then those of the primary
   * key that are not among them.
   */
  readonly gt?: Key;
  readonly gte?: Key;
  readonly lt?: Key;
  readonly lte?: Key;
  readonly reverse?: boolean;
  /** At most this many documents; required, so that no read is unbounded. */
  readonly limit: number;
}

/**
 * Reads from one snapshot of the store, which holds all that was acknowledged before it. Every answer is the caller's own
 * copy. After the callback has ended, or its time, every call fails.
 */
export interface ReadTransaction {
  get<Name extends CollectionName>(collection: Name, key: Key): Promise<Documents[Name] | undefined>;
  /** As many answers as keys, in their order; `undefined` for what is not there. */
  getMany<Name extends CollectionName>(
    collection: Name,
    keys: readonly Key[],
  ): Promise<(Documents[Name] | undefined)[]>;
  /** In the order of the keys (of the index's keys), or backward; fewer than `limit` means that there are no more. */
  range<Name extends CollectionName>(
    collection: Name,
    options: RangeOptions<Name>,
  ): Promise<Documents[Name][]>;
}

/** A read in steps: each is `yield*`ed, so that the rules of a read are written once, whether its store answers at once or later. */
export type Steps<T> = Generator<unknown, T, unknown>;

/** Reads from one snapshot, as ReadTransaction; but what it answers is frozen and may be shared with others who read the same. */
export interface StepReader {
  get<Name extends CollectionName>(collection: Name, key: Key): Steps<Documents[Name] | undefined>;
}

/**
 * A read-write transaction: sees its own writes. It commits only if no key that it wrote or guarded was changed by
 * somebody else since its snapshot; other reads are not validated (SYNC P1), so every invariant that rests on a read
 * names its guard.
 */
export interface Transaction extends ReadTransaction {
  /**
   * Conflict if this key is written, created or deleted by another before this transaction commits; the document may be
   * absent. Who writes what a rule counts or searches writes the guard of that rule too (SYNC P1).
   */
  guard(collection: CollectionName, key: Key): void;
  /**
   * Inserts or replaces; the key and the index entries are taken from the document, as it is now. Throws `too_large` for
   * a key or a document above STORE_LIMITS, TypeError for a document without its key.
   */
  put<Name extends CollectionName>(collection: Name, document: Documents[Name]): void;
  /** Deleting what is not there is no error. */
  delete(collection: CollectionName, key: Key): void;
}

export interface TransactOptions {
  /** For logs and metrics: `commit.group`, `auth.refresh`, … */
  readonly label: string;
  /** Milliseconds for all attempts together; default 5,000. One attempt has at most STORE_LIMITS.transactionMs of them. */
  readonly deadlineMs?: number;
  /** Attempts after the first; default 20. Backoff with jitter between them, at most 250 ms each. */
  readonly maxRetries?: number;
  /**
   * For a writer that has met others at the same keys: where commits of all writers go through one lock, the snapshot is
   * taken only after the one that holds it now has finished, so that it is not worked upon what is about to be replaced.
   * Costs a wait, promises nothing: what is validated stays the same.
   */
  readonly settled?: boolean;
}

/**
 * The only way to what is stored. Errors are `StoreError`s:
 * - `conflict`: every attempt lost against another writer;
 * - `deadline`: out of time, and certainly not committed;
 * - `outcome_unknown`: out of time, and it may have been committed or still be: ask for what it would have written;
 * - `too_large`: a key, value or transaction is over the common limits;
 * - `unavailable`: the store does not answer (disk full included); nothing was committed;
 * - `corrupt`: a record failed its checksum; names the record;
 * - `format`: the data was written by a version that this one cannot read;
 * - `read_only`: somebody has closed the store to writers for a while (docs/guide/stores.md); nothing was written.
 * Whatever else the callback throws is rethrown as it is, after nothing was written.
 */
export interface Store {
  /** `lmdb`, `memory`, …: for people only; nothing may depend on it. */
  readonly kind: string;
  /**
   * `validated`: a guard is looked at when the transaction commits, writes nothing, and hinders nobody who guards the same
   * key. Absent: it is a write, and those who guard the same key at the same time meet as conflicts.
   */
  readonly guarding?: 'validated' | undefined;
  /**
   * Runs the callback, commits, retries on conflict. Resolves when the writes are durable and visible to everybody. The
   * callback may run several times, also beyond its time: no side effects in it.
   */
  transact<T>(options: TransactOptions, callback: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Runs the callback once on one snapshot, for at most STORE_LIMITS.transactionMs. */
  read<T>(options: TransactOptions, callback: (tx: ReadTransaction) => Promise<T>): Promise<T>;
  /**
   * As `read`, for what only follows keys: a store on this machine answers at once, without a promise for each step or a
   * timer. May begin anew, so no side effects in it. Absent where there is nothing to gain: see `readSteps`.
   */
  readSteps?<T>(options: TransactOptions, steps: (reader: StepReader) => Steps<T>): T | Promise<T>;
  /** Answers if the store is in working order (used by readiness). Throws a StoreError otherwise. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export type StoreErrorCode =
  | 'conflict'
  | 'deadline'
  | 'outcome_unknown'
  | 'too_large'
  | 'unavailable'
  | 'corrupt'
  | 'format'
  | 'read_only';

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
