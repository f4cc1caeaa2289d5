/*
 * What is used of the npm package `foundationdb` 2.0.1, as an interface of our own: the package is optional, and a
 * scripted double stands in for it in tests. Nothing here comes with the package's retry loop (`doTransaction`), which
 * repeats a commit of unknown outcome (docs/decisions/0012).
 */

export interface FdbKeySelector {
  readonly key: Buffer;
  readonly orEqual: boolean;
  readonly offset: number;
}

export interface FdbRange {
  readonly results: readonly (readonly [Buffer, Buffer])[];
  /** True where the limit or the size of an answer cut it short. */
  readonly more: boolean;
}

/** One attempt. Its reads reject with an error that has a `code`, as soon as it is cancelled or out of time also. */
export interface FdbTransaction {
  /** A copy whose reads take no part in conflicts. */
  snapshot(): FdbTransaction;
  getReadVersion(): Promise<Buffer>;
  get(key: Buffer): Promise<Buffer | undefined>;
  getRangeNative(
    start: FdbKeySelector,
    end: FdbKeySelector,
    limit: number,
    targetBytes: number,
    streamingMode: number,
    iteration: number,
    reverse: boolean,
  ): Promise<FdbRange>;
  set(key: Buffer, value: Buffer): void;
  clear(key: Buffer): void;
  addReadConflictKey(key: Buffer): void;
  addWriteConflictKey(key: Buffer): void;
  rawCommit(): Promise<void>;
  rawCancel(): void;
  /** As new; gives back what it holds. */
  rawReset(): void;
}

export interface FdbTransactionOptions {
  /** Milliseconds after which everything that is asked of the transaction fails with 1031. */
  readonly timeout?: number;
  /** The record layer merges a transaction's writes into its reads; the client need not do it again. */
  readonly read_your_writes_disable?: true;
}

export interface FdbDatabaseOptions {
  readonly transaction_timeout: number;
  readonly transaction_retry_limit: number;
}

export interface FdbDatabase {
  setNativeOptions(options: FdbDatabaseOptions): void;
  rawCreateTransaction(options: FdbTransactionOptions): FdbTransaction;
  close(): void;
}

export interface FdbModule {
  setAPIVersion(version: number): void;
  /** Answers also where nothing is there: the first read tells. */
  open(clusterFile: string): FdbDatabase;
}

/** The newest that the package knows; it refuses 730. Servers and clients of 7.2 and later speak it. */
export const API_VERSION = 720;

/** The caller wants so many entries, in as few answers as possible. */
export const STREAMING_EXACT = 0;

export function isFdbModule(value: unknown): value is FdbModule {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['setAPIVersion', 'open'].every((name) => typeof Reflect.get(value, name) === 'function')
  );
}

/** The code of an error of FoundationDB, or undefined for any other error. */
export function codeOf(error: unknown): number | undefined {
  const code = causeOf(error).code;
  return typeof code === 'number' ? code : undefined;
}

/** What an error says of itself; errors of Node itself are no `instanceof Error` to a test. */
export function causeOf(error: unknown): { readonly code: unknown; readonly message: string } {
  if (typeof error !== 'object' || error === null) return { code: undefined, message: String(error) };
  const [message = ''] = String(Reflect.get(error, 'message')).split('\n');
  return { code: Reflect.get(error, 'code'), message };
}
