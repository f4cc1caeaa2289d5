import type { StoreError } from '@state-server/persistence-port';

/**
 * A key as a string of bytes: one character (U+0000–U+00FF) per byte. Such a string can be held in a Map, and `<`
 * compares it in the order of its bytes; drivers turn it into bytes with the encoding `latin1`.
 */
export type KvKey = string;

/** Drivers on the same machine answer at once, those behind a network later. */
export type MaybePromise<T> = T | Promise<T>;

export interface KvEntry {
  readonly key: KvKey;
  readonly value: Uint8Array;
}

export interface KvRangeOptions {
  readonly reverse: boolean;
  /** Positive; at most this many entries are returned. */
  readonly limit: number;
}

/**
 * Bytes at the start of every value whose key may be guarded: a stamp that no other write of this key has. Drivers
 * without conflict detection of their own compare it with the one that they saw in the snapshot.
 */
export const STAMP_BYTES = 8;

/** All that a transaction wants to change, validated and applied as one. */
export interface KvChanges {
  /** For logs and injected faults. */
  readonly label: string;
  /** Conflict if one of these keys was written, created or deleted since the snapshot; present or absent, written here or not. */
  readonly guards: Iterable<KvKey>;
  /** The new value of each key, `undefined` to remove it. Not validated: what must be stands in `guards`. */
  readonly writes: ReadonlyMap<KvKey, Uint8Array | undefined>;
  /** Bytes of all written keys and values together. */
  readonly bytes: number;
}

/**
 * A view of one snapshot, and the one attempt to change it. Nothing is locked while it is open. It does not see its
 * own writes: the record layer merges them, so that all drivers do it alike.
 */
export interface KvTransaction {
  /** The bytes belong to the caller and never change. Rejects with KvTransient or a StoreError, as `range` does. */
  get(key: KvKey): MaybePromise<Uint8Array | undefined>;
  /** Entries with start ≤ key < end in the order of their keys, or backward. */
  range(start: KvKey, end: KvKey, options: KvRangeOptions): MaybePromise<readonly KvEntry[]>;
  /**
   * Durable when it resolves, and seen by every transaction begun after that, in any process. Rejects with KvConflict
   * (nothing was written), KvOutcomeUnknown, or a StoreError (nothing was written). Ends the transaction.
   */
  commit(changes: KvChanges): Promise<void>;
  /**
   * Of a transaction that changes nothing, once all its reads are answered: resolves when they are known to be of a state
   * that stays. Rejects as reads do. Absent where every read is that at once. Ends the transaction.
   */
  confirm?(): Promise<void>;
  /**
   * Nobody waits for the commit any more. `stopped`: it has not happened and never will; `running`: it may still
   * happen. Ends the transaction: reads and `commit` fail from then on. May be called at any time, and again.
   */
  abandon(): 'stopped' | 'running';
}

export interface KvBeginOptions {
  readonly settled: boolean;
  /** Nothing will be committed: the snapshot may be taken as late as the first read. */
  readonly readOnly?: boolean;
  /** What the attempt before this one lost to: a driver may let it wait for those of its process that lost to the same. */
  readonly after?: KvConflict | undefined;
}

/** What the record layer needs of a database: ordered keys, snapshots, and commits that are validated at their end. */
export interface OrderedKv {
  /** `lmdb`, `memory`, …: for people only. */
  readonly kind: string;
  /**
   * True where a commit may fail without saying whether it happened (a network in between). Only then does every
   * transaction carry its own record, by which a retry finds out.
   */
  readonly outcomeCanBeUnknown: boolean;
  /** Behind a network: no read is ever answered at once. */
  readonly isRemote?: boolean;
  /** How long a lost attempt waits at first, at most; default 1 ms. Less than an attempt takes is no wait. */
  readonly backoffMs?: number;
  /** Two transactions that guard the same key conflict with each other, because a guard is a write of it (SYNC P1). */
  readonly guardsAreWrites?: boolean;
  /**
   * `settled`: takes the snapshot after the commit that is in progress, whosever it is, where commits are made one after the
   * other; elsewhere it means nothing. Throws a StoreError.
   */
  begin(options?: KvBeginOptions): MaybePromise<KvTransaction>;
  /** Throws a StoreError where reads or writes do not work at present. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Somebody else changed a guarded key first; nothing was written, a fresh attempt may succeed. */
export class KvConflict extends Error {
  constructor() {
    super('a guarded key was changed by another transaction');
    this.name = 'KvConflict';
  }
}

/**
 * The attempt failed for a passing reason (a connection was lost, the snapshot is too old); nothing was written, a fresh
 * attempt may succeed.
 */
export class KvTransient extends Error {
  /** `final`: what the caller hears when no attempt is left. */
  constructor(readonly final: StoreError) {
    super(final.message, { cause: final });
    this.name = 'KvTransient';
  }
}

/** The commit may have happened or may still happen. */
export class KvOutcomeUnknown extends Error {
  constructor(options?: ErrorOptions) {
    super('the outcome of the commit is unknown', options);
    this.name = 'KvOutcomeUnknown';
  }
}
