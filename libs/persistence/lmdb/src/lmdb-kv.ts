import type { Environment, TimerHandle } from '@state-server/domain';
import { StoreError } from '@state-server/persistence-port';
import {
  type KvBeginOptions,
  KvOutcomeUnknown,
  type KvChanges,
  type KvEntry,
  type KvKey,
  type KvRangeOptions,
  type KvTransaction,
  type MaybePromise,
  type OrderedKv,
} from '@state-server/persistence-records';
import type { Transaction as ReadTransaction } from 'lmdb';
import { CommitQueue, type CommitTicket } from './commit-queue';
import { openEnvironmentFile, type LmdbDatabase } from './environment-file';
import { describeFailure, isFatal, reasonOf } from './failure';

/** How often the slots of readers that died are given back. */
const READER_CHECK_MS = 60_000;

export interface LmdbLog {
  warn(fields: Readonly<Record<string, unknown>>, event: string): void;
  error(fields: Readonly<Record<string, unknown>>, event: string): void;
}

export interface LmdbKvOptions {
  /** Directory; made when it is not there. Shared by the processes of one machine, on a local file system. */
  readonly path: string;
  readonly environment: Environment;
  readonly mapSizeBytes?: number;
  readonly log?: LmdbLog;
  /** The environment is beyond repair for this process: it must end and be started again. Called once. */
  readonly onFatal?: (error: Error) => void;
}

/** Outside the collections' keys: written by `check` alone. */
const PROBE_KEY: KvKey = '\x00probe';

/** LMDB, shared by all processes of the machine: snapshots by read transactions, commits by validation in a batch. */
export class LmdbKv implements OrderedKv {
  readonly kind = 'lmdb';
  readonly outcomeCanBeUnknown = false;
  private readonly database: LmdbDatabase;
  private readonly queue: CommitQueue;
  private state: 'open' | 'closed' | 'dead' = 'open';
  /** The last commit failed (a full disk): readiness is to know, and to look whether it is over. */
  private writesFail = false;
  private readerCheck: TimerHandle | undefined;

  constructor(private readonly options: LmdbKvOptions) {
    this.database = openEnvironmentFile(options.path, options.mapSizeBytes);
    this.queue = new CommitQueue(this.database, {
      succeeded: () => {
        this.writesFail = false;
      },
      repeated: (reason, attempt) =>
        this.options.log?.warn({ err: reason, attempt }, 'store.commit.repeated'),
      failed: (reason) => this.commitFailed(reason),
    });
    this.scheduleReaderCheck();
  }

  begin(options?: KvBeginOptions): MaybePromise<KvTransaction> {
    this.mustBeOpen();
    return options?.settled ? this.settle().then(() => this.beginNow()) : this.beginNow();
  }

  private beginNow(): KvTransaction {
    this.mustBeOpen();
    try {
      return new LmdbTransaction(this.database, this.queue, this.freshSnapshot());
    } catch (error) {
      throw this.failed(error);
    }
  }

  async check(): Promise<void> {
    const snapshot = this.beginNow();
    try {
      await snapshot.get(PROBE_KEY);
      if (!this.writesFail) return;
      const probe = new Map([[PROBE_KEY, Buffer.alloc(1)]]);
      await snapshot.commit({ label: 'store.check', guards: [], writes: probe, bytes: PROBE_KEY.length + 1 });
    } finally {
      snapshot.abandon();
    }
  }

  async close(): Promise<void> {
    if (this.state !== 'open') return;
    this.state = 'closed';
    this.stopReaderCheck();
    await this.queue.idle();
    await this.database.close();
  }

  /**
   * Writes a compacted copy of one moment into a directory that is there and empty, while writers go on. It is a snapshot
   * that lives as long as the copying takes: meanwhile the space of what is overwritten is not used again.
   */
  async backup(directory: string): Promise<void> {
    this.mustBeOpen();
    try {
      await this.database.backup(directory, true);
    } catch (error) {
      throw this.failed(error);
    }
  }

  /** Process ids of the others that have the environment open and have read from it; those that died are not counted. */
  otherProcesses(): number[] {
    this.mustBeOpen();
    this.database.readerCheck();
    const lines = this.database.readerList().split('\n').slice(1);
    const pids = lines
      .map((line) => Number.parseInt(line.trim(), 10))
      .filter((pid) => Number.isSafeInteger(pid));
    return [...new Set(pids)].filter((pid) => pid !== process.pid);
  }

  /** Waits until nobody holds the machine's writer lock: an empty transaction takes it and writes nothing to the disk. */
  private async settle(): Promise<void> {
    try {
      await this.database.transaction(() => undefined);
    } catch (error) {
      throw this.failed(await reasonOf(error));
    }
  }

  private freshSnapshot(): ReadTransaction {
    // Without the reset an older snapshot of this turn of the event loop would be shared.
    this.database.resetReadTxn();
    return this.database.useReadTransaction();
  }

  private mustBeOpen(): void {
    if (this.state === 'open') return;
    throw new StoreError('unavailable', `the store at ${this.options.path} is ${this.state}`);
  }

  /** A read or a commit failed: says so, and whether anything is to be expected of this process any more. */
  private failed(error: unknown): StoreError {
    const cause = error instanceof Error ? error : new Error(String(error));
    this.options.log?.error({ err: cause }, 'store.failed');
    if (isFatal(cause) && this.state === 'open') {
      this.state = 'dead';
      this.stopReaderCheck();
      this.options.onFatal?.(cause);
    }
    return new StoreError('unavailable', describeFailure(cause), { cause });
  }

  /**
   * LMDB fails before it writes the page that makes a commit count, and then nothing was written; or while it does,
   * and then it refuses all that follows: the outcome of the first is not known.
   */
  private commitFailed(reason: unknown): Error {
    this.writesFail = true;
    const failure = this.failed(reason);
    try {
      this.freshSnapshot().done();
      return failure;
    } catch (error) {
      this.failed(error);
      return new KvOutcomeUnknown({ cause: reason });
    }
  }

  private scheduleReaderCheck(): void {
    const { timers } = this.options.environment;
    this.readerCheck = timers.set(READER_CHECK_MS, () => {
      this.database.readerCheck();
      this.scheduleReaderCheck();
    });
    letProcessEnd(this.readerCheck);
  }

  private stopReaderCheck(): void {
    if (this.readerCheck !== undefined) this.options.environment.timers.clear(this.readerCheck);
  }
}

class LmdbTransaction implements KvTransaction {
  private readonly seen = new Map<KvKey, Uint8Array | undefined>();
  private ticket: CommitTicket | undefined;
  private reading = true;
  private readonly snapshot: { readonly transaction: ReadTransaction };

  constructor(
    private readonly database: LmdbDatabase,
    private readonly queue: CommitQueue,
    transaction: ReadTransaction,
  ) {
    this.snapshot = { transaction };
  }

  get(key: KvKey): Uint8Array | undefined {
    this.mustBeReading();
    const value = this.database.get(key, this.snapshot);
    this.seen.set(key, value);
    return value;
  }

  range(start: KvKey, end: KvKey, { reverse, limit }: KvRangeOptions): readonly KvEntry[] {
    this.mustBeReading();
    const bounds = reverse
      ? { start: end, exclusiveStart: true, end: start, inclusiveEnd: true }
      : { start, end };
    const entries = [...this.database.getRange({ ...bounds, reverse, limit, ...this.snapshot })];
    for (const { key, value } of entries) this.seen.set(key, value);
    return entries;
  }

  async commit(changes: KvChanges): Promise<void> {
    this.mustBeReading();
    const expected = Array.from(changes.guards, (key) => ({
      key,
      value: this.seen.has(key) ? this.seen.get(key) : this.get(key),
    }));
    this.endSnapshot();
    this.ticket = this.queue.add(expected, changes);
    await this.ticket.done;
  }

  abandon(): 'stopped' | 'running' {
    this.endSnapshot();
    return this.ticket?.withdraw() ?? 'stopped';
  }

  /** LMDB would read through a pointer that is not its own any more. */
  private mustBeReading(): void {
    if (!this.reading) throw new StoreError('unavailable', 'the snapshot has ended');
  }

  private endSnapshot(): void {
    if (!this.reading) return;
    this.reading = false;
    this.snapshot.transaction.done();
  }
}

/** A timer of Node's that is waited for by nobody must not keep the process alive. */
function letProcessEnd(handle: TimerHandle): void {
  if (canUnref(handle)) handle.unref();
}

function canUnref(handle: unknown): handle is { unref(): void } {
  return typeof handle === 'object' && handle !== null && 'unref' in handle;
}
