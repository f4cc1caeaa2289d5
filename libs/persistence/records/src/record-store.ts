import type { Environment, TimerHandle } from '@state-server/domain';
import {
  STORE_LIMITS,
  StoreError,
  type ReadTransaction,
  type Store,
  type TransactOptions,
  type Transaction,
} from '@state-server/persistence-port';
import type { Stamp } from './envelope';
import { KvConflict, KvOutcomeUnknown, type KvTransaction, type OrderedKv } from './ordered-kv';
import { RecordTransaction } from './record-transaction';

const DEFAULT_DEADLINE_MS = 5_000;
const DEFAULT_RETRIES = 20;
/** Backoff after the n-th conflict: uniform in [0, min(cap, base · 2^n)) ms ("full jitter"). */
const BACKOFF_BASE_MS = 1;
const BACKOFF_CAP_MS = 250;
/** A transaction's own record outlives every attempt to find out by it. */
const OWN_RECORD_MS = 3_600_000;

type Outcome<T> =
  | { readonly kind: 'committed'; readonly result: T }
  | { readonly kind: 'conflict'; readonly cause: Error }
  | { readonly kind: 'unknown'; readonly cause: Error; readonly result: T };

/** What one call of `transact` has learned so far, over all its attempts. */
interface Run<T> {
  readonly options: TransactOptions;
  readonly callback: (tx: Transaction) => Promise<T>;
  /** Monotonic ms. */
  readonly deadline: number;
  /** Key of the transaction's own record; only where outcomes can be unknown. */
  readonly id: string | undefined;
  /** Results of the attempts whose outcome is unknown, by attempt. */
  readonly unknown: Map<number, T>;
}

/** The store over an ordered KV: documents, indexes, retries and deadlines are here, once for all drivers. */
export class RecordStore implements Store {
  private stampHigh = 0;
  private stampLow = 0;

  constructor(
    private readonly kv: OrderedKv,
    private readonly environment: Environment,
  ) {}

  get kind(): string {
    return this.kv.kind;
  }

  async transact<T>(options: TransactOptions, callback: (tx: Transaction) => Promise<T>): Promise<T> {
    const run: Run<T> = {
      options,
      callback,
      deadline: this.environment.clock.monotonic() + (options.deadlineMs ?? DEFAULT_DEADLINE_MS),
      id: this.kv.outcomeCanBeUnknown ? this.environment.ids.uuid() : undefined,
      unknown: new Map(),
    };
    const maxRetries = options.maxRetries ?? DEFAULT_RETRIES;
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.attempt(run, attempt);
      if (outcome.kind === 'committed') return outcome.result;
      if (outcome.kind === 'unknown') {
        // Without a record of its own nothing would tell; another attempt might do it twice.
        if (run.id === undefined) throw outcomeUnknown(options.label, outcome.cause);
        run.unknown.set(attempt, outcome.result);
      }
      if (attempt >= maxRetries) throw this.givenUp(run, outcome.cause);
      await this.backOff(run, attempt);
    }
  }

  async read<T>(options: TransactOptions, callback: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    const deadlineMs = Math.min(options.deadlineMs ?? DEFAULT_DEADLINE_MS, STORE_LIMITS.transactionMs);
    return this.within(options, deadlineMs, async (begin) => callback((await begin(undefined)).records));
  }

  check(): Promise<void> {
    return this.kv.check();
  }

  close(): Promise<void> {
    return this.kv.close();
  }

  private async attempt<T>(run: Run<T>, attempt: number): Promise<Outcome<T>> {
    const remaining = run.deadline - this.environment.clock.monotonic();
    try {
      return await this.within(run.options, Math.min(remaining, STORE_LIMITS.transactionMs), (begin) =>
        this.runOnce(run, attempt, begin),
      );
    } catch (error) {
      if (error instanceof KvConflict) return { kind: 'conflict', cause: error };
      if (run.unknown.size > 0 && error instanceof StoreError) throw outcomeUnknown(run.options.label, error);
      throw error;
    }
  }

  private async runOnce<T>(run: Run<T>, attempt: number, begin: Begin): Promise<Outcome<T>> {
    const { records, kv } = await begin(this.nextStamp);
    const { id, unknown, options } = run;
    if (id !== undefined && unknown.size > 0) {
      const own = await records.get('transactions', [id]);
      if (own && unknown.has(own.attempt))
        return { kind: 'committed', result: unknown.get(own.attempt) as T };
    }
    const result = await run.callback(records);
    if (!records.hasEffect) return { kind: 'committed', result };
    if (id !== undefined && records.hasWrites) {
      const expires = new Date(this.environment.clock.now() + OWN_RECORD_MS).toISOString();
      records.put('transactions', { id, attempt, expires_at: expires });
    }
    const changes = await records.changes(options.label);
    records.end(new Error(`the transaction ${options.label} has ended`));
    try {
      await kv.commit(changes);
      return { kind: 'committed', result };
    } catch (error) {
      if (error instanceof KvOutcomeUnknown) return { kind: 'unknown', cause: error, result };
      throw error;
    }
  }

  /** Runs one attempt on a snapshot of its own, for at most `ms`; afterwards the snapshot is gone, whatever happened. */
  private async within<R>(
    options: TransactOptions,
    ms: number,
    body: (begin: Begin) => Promise<R>,
  ): Promise<R> {
    const { timers } = this.environment;
    let kv: KvTransaction | undefined;
    let records: RecordTransaction | undefined;
    let overdue = ms <= 0;
    let timer: TimerHandle | undefined;
    const begin: Begin = async (nextStamp) => {
      kv = await this.kv.begin();
      records = new RecordTransaction(kv, nextStamp);
      if (overdue) kv.abandon();
      if (overdue) throw outOfTime(options.label);
      return { kv, records };
    };
    try {
      return await new Promise<R>((resolve, reject) => {
        timer = timers.set(Math.max(0, ms), () => {
          overdue = true;
          const state = kv?.abandon() ?? 'stopped';
          const error =
            state === 'stopped' ? outOfTime(options.label) : outcomeUnknown(options.label, undefined);
          records?.end(error);
          reject(error);
        });
        body(begin).then(resolve, reject);
      });
    } finally {
      if (timer !== undefined) timers.clear(timer);
      records?.end(new Error(`the transaction ${options.label} has ended`));
      kv?.abandon();
    }
  }

  private async backOff<T>(run: Run<T>, attempt: number): Promise<void> {
    const { clock, random, timers } = this.environment;
    const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** attempt);
    const delay = Math.floor(random.next() * (ceiling + 1));
    if (clock.monotonic() + delay >= run.deadline) {
      throw run.unknown.size > 0
        ? outcomeUnknown(run.options.label, undefined)
        : outOfTime(run.options.label);
    }
    await new Promise<void>((resolve) => void timers.set(delay, resolve));
  }

  private givenUp<T>(run: Run<T>, cause: Error): StoreError {
    if (run.unknown.size > 0) return outcomeUnknown(run.options.label, cause);
    return new StoreError('conflict', `every attempt of ${run.options.label} lost against another writer`, {
      cause,
    });
  }

  private readonly nextStamp = (): Stamp => {
    if (this.stampLow === 0) this.stampHigh = Math.floor(this.environment.random.next() * 2 ** 32);
    const stamp = { high: this.stampHigh, low: this.stampLow };
    this.stampLow = (this.stampLow + 1) % 2 ** 32;
    return stamp;
  };
}

type Begin = (
  nextStamp: (() => Stamp) | undefined,
) => Promise<{ readonly kv: KvTransaction; readonly records: RecordTransaction }>;

function outOfTime(label: string): StoreError {
  return new StoreError('deadline', `${label} ran out of time and was not committed`);
}

function outcomeUnknown(label: string, cause: Error | undefined): StoreError {
  return new StoreError('outcome_unknown', `${label} ran out of time and may have been committed`, {
    ...(cause && { cause }),
  });
}
