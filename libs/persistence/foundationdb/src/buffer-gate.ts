import {
  type FdbDatabase,
  type FdbRange,
  type FdbTransaction,
  type FdbTransactionOptions,
  STREAMING_EXACT,
} from './binding';

/** The largest limit that the client takes (a signed integer of 32 bits). */
const MAX_LIMIT = 2 ** 31 - 1;

export interface GatedRange {
  readonly start: Buffer;
  /** Exclusive. */
  readonly end: Buffer;
  readonly limit: number;
  readonly reverse: boolean;
}

/**
 * The one way to the binding. Given anything but a Buffer, the native code throws once, and the second time it ABORTS the
 * process (an assertion in its transaction.cpp): so every key and value is looked at here, whatever its type says.
 */
export class GatedTransaction {
  private readonly native: FdbTransaction;
  private readonly reads: FdbTransaction;

  constructor(database: FdbDatabase, options: FdbTransactionOptions) {
    this.native = database.rawCreateTransaction(options);
    // What must be validated is named by `validate`; no read takes part in conflicts by itself.
    this.reads = this.native.snapshot();
  }

  readVersion(): Promise<Buffer> {
    return this.native.getReadVersion();
  }

  get(key: Buffer): Promise<Buffer | undefined> {
    return this.reads.get(bytes(key, 'key'));
  }

  /** One answer of the cluster: at most `limit` entries, and `more` where it could not hold all of them. */
  range({ start, end, limit, reverse }: GatedRange): Promise<FdbRange> {
    return this.reads.getRangeNative(
      firstAtOrAfter(bytes(start, 'start')),
      firstAtOrAfter(bytes(end, 'end')),
      Math.min(limit, MAX_LIMIT),
      0,
      STREAMING_EXACT,
      1,
      reverse,
    );
  }

  set(key: Buffer, value: Buffer): void {
    this.native.set(bytes(key, 'key'), bytes(value, 'value'));
  }

  clear(key: Buffer): void {
    this.native.clear(bytes(key, 'key'));
  }

  /** The commit conflicts where somebody changed this key after the snapshot, present or absent. */
  validate(key: Buffer): void {
    this.native.addReadConflictKey(bytes(key, 'key'));
  }

  /** A commit that writes nothing is not validated by the cluster, unless it claims to have written something. */
  claim(key: Buffer): void {
    this.native.addWriteConflictKey(bytes(key, 'key'));
  }

  commit(): Promise<void> {
    return this.native.rawCommit();
  }

  cancel(): void {
    this.native.rawCancel();
  }

  /** Of a transaction that is over: gives its memory back now, and not when JavaScript collects its garbage. */
  release(): void {
    this.native.rawReset();
  }
}

function bytes(value: Buffer, what: string): Buffer {
  if (Buffer.isBuffer(value)) return value;
  throw new TypeError(`a ${what} for FoundationDB must be a Buffer, not ${describe(value)}`);
}

const describe = (value: unknown): string => (value === null ? 'null' : typeof value);

const firstAtOrAfter = (key: Buffer): { key: Buffer; orEqual: boolean; offset: number } => ({
  key,
  orEqual: false,
  offset: 1,
});
