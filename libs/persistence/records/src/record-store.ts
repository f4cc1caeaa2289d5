import type { Environment } from '@state-server/domain';
import {
  STORE_LIMITS,
  StoreError,
  followSteps,
  type ReadTransaction,
  type StepReader,
  type Steps,
  type Store,
  stepReader,
  type TransactOptions,
  type Transaction,
} from '@state-server/persistence-port';
import type { Stamp } from './envelope';
import { DocumentMemo } from './document-memo';
import { KvConflict, KvOutcomeUnknown, KvTransient, type OrderedKv } from './ordered-kv';
import { IndexMemo } from './index-memo';
import { readAtOnce } from './read-at-once';
import type { RecordTransaction, Writing } from './record-transaction';
import { outcomeUnknown, outOfTime, withinTime, type Attempt } from './time-limit';

const DEFAULT_DEADLINE_MS = 5_000;
const DEFAULT_RETRIES = 20;
/** Backoff after the n-th failure, from 0: uniform in [0, min(cap, base · 2^n)] ms ("full jitter"). */
const BACKOFF_BASE_MS = 1;
const BACKOFF_CAP_MS = 250;
/** A transaction's own record outlives every attempt to find out by it. */
const OWN_RECORD_MS = 3_600_000;

/** What the callback came to in one attempt. */
type Answer<T> =
  { readonly kind: 'result'; readonly result: T } | { readonly kind: 'error'; readonly error: unknown };

type Outcome<T> =
  | { readonly kind: 'settled'; readonly answer: Answer<T> }
  | { readonly kind: 'again'; readonly cause: KvConflict | KvTransient }
  | { readonly kind: 'unknown'; readonly cause: Error; readonly answer: Answer<T> };

/** What one call of `transact` knows, over all its attempts. */
interface Run<T> {
  readonly options: TransactOptions;
  readonly callback: (tx: Transaction) => Promise<T>;
  /** Monotonic ms. */
  readonly deadline: number;
  /** Key of the transaction's own record; only where outcomes can be unknown. */
  readonly id: string | undefined;
  /** Answers of the attempts of unknown outcome, by attempt: at most one of them was committed. */
  readonly unknown: Map<number, Answer<T>>;
  /** What the last attempt lost to. */
  lostTo?: KvConflict | undefined;
}

/** The store over an ordered KV: documents, indexes, retries and deadlines are here, once for all drivers. */
export class RecordStore implements Store {
  private stampHigh = 0;
  private stampLow = 0;
  private readonly writing: Writing = { nextStamp: () => this.nextStamp(), memo: new IndexMemo() };

  private readonly documents = new DocumentMemo();

  constructor(
    private readonly kv: OrderedKv,
    private readonly environment: Environment,
  ) {}

  get guarding(): Store['guarding'] {
    return this.kv.guardsAreWrites ? undefined : 'validated';
  }

  get kind(): string {
    return this.kv.kind;
  }

  async transact<T>(options: TransactOptions, callback: (tx: Transaction) => Promise<T>): Promise<T> {
    const { clock, ids } = this.environment;
    const run: Run<T> = {
      options,
      callback,
      deadline: clock.monotonic() + (options.deadlineMs ?? DEFAULT_DEADLINE_MS),
      id: this.kv.outcomeCanBeUnknown ? ids.uuid() : undefined,
      unknown: new Map(),
    };
    const maxRetries = options.maxRetries ?? DEFAULT_RETRIES;
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.attempt(run, attempt);
      if (outcome.kind === 'settled') return resultOf(outcome.answer);
      if (outcome.kind === 'unknown') {
        // Without a record of its own nothing would tell, and one more attempt might do it twice.
        if (run.id === undefined) throw outcomeUnknown(options.label, outcome.cause);
        run.unknown.set(attempt, outcome.answer);
      }
      if (attempt >= maxRetries) throw givenUp(run, outcome.cause);
      await this.backOff(run, attempt);
    }
  }

  async read<T>(options: TransactOptions, callback: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    const ms = Math.min(options.deadlineMs ?? DEFAULT_DEADLINE_MS, STORE_LIMITS.transactionMs);
    const { label } = options;
    try {
      return await withinTime(this.kv, this.environment, { label, ms }, async ({ kv, records }) => {
        const answer = await answerOf(() => callback(records));
        await kv.confirm?.();
        return resultOf(answer);
      });
    } catch (error) {
      throw isPassing(error) ? lostReason(label, error) : error;
    }
  }

  readSteps<T>(options: TransactOptions, steps: (reader: StepReader) => Steps<T>): T | Promise<T> {
    if (this.kv.isRemote) return this.read(options, (tx) => followSteps(steps(stepReader(tx))));
    const snapshot = this.kv.begin();
    if (snapshot instanceof Promise) {
      // Of a store behind a network: it is asked in the usual way, with a time limit.
      snapshot.then(
        (unused) => unused.abandon(),
        () => undefined,
      );
    } else {
      try {
        const answer = readAtOnce(snapshot, this.documents, steps);
        if (answer.kind === 'done') return answer.value;
      } finally {
        snapshot.abandon();
      }
    }
    return this.read(options, (tx) => followSteps(steps(stepReader(tx))));
  }

  check(): Promise<void> {
    return this.kv.check();
  }

  close(): Promise<void> {
    return this.kv.close();
  }

  private async attempt<T>(run: Run<T>, attempt: number): Promise<Outcome<T>> {
    const { label, settled = false } = run.options;
    const ms = Math.min(run.deadline - this.environment.clock.monotonic(), STORE_LIMITS.transactionMs);
    try {
      return await withinTime(
        this.kv,
        this.environment,
        { label, ms, writing: this.writing, settled, after: run.lostTo },
        ({ kv, records }) => this.runOnce(run, attempt, { kv, records }),
      );
    } catch (error) {
      if (isPassing(error)) {
        run.lostTo = error instanceof KvConflict ? error : undefined;
        return { kind: 'again', cause: error };
      }
      if (run.unknown.size > 0) throw outcomeUnknown(label, error);
      throw error;
    }
  }

  private async runOnce<T>(run: Run<T>, attempt: number, { kv, records }: Attempt): Promise<Outcome<T>> {
    const earlier = await committedBefore(run, records);
    if (earlier) return { kind: 'settled', answer: earlier };
    const answer = await answerOf(() => run.callback(records));
    if (answer.kind === 'error') {
      // Of a read: it says nothing about the rule that was being followed.
      if (isPassing(answer.error)) throw answer.error;
      records.discard();
    }
    // A refusal needs no record where no earlier attempt can contradict it.
    if (run.id !== undefined && (records.hasWrites || run.unknown.size > 0)) {
      // Written by every attempt and validated like all that is written: of the attempts of one transaction at most one
      // is ever committed, a late one of unknown outcome included.
      if (run.unknown.size === 0) records.assumeAbsent('transactions', [run.id]);
      const expires = new Date(this.environment.clock.now() + OWN_RECORD_MS).toISOString();
      records.put('transactions', { id: run.id, attempt, expires_at: expires });
    }
    if (!records.hasEffect) {
      await kv.confirm?.();
      return { kind: 'settled', answer };
    }
    const changes = await records.changes(run.options.label);
    records.end(new Error(`the transaction ${run.options.label} has ended`));
    try {
      await kv.commit(changes);
      return { kind: 'settled', answer };
    } catch (error) {
      if (error instanceof KvOutcomeUnknown) return { kind: 'unknown', cause: error, answer };
      throw error;
    }
  }

  private async backOff<T>(run: Run<T>, attempt: number): Promise<void> {
    const { clock, random, timers } = this.environment;
    const ceiling = Math.min(BACKOFF_CAP_MS, (this.kv.backoffMs ?? BACKOFF_BASE_MS) * 2 ** attempt);
    const ms = Math.floor(random.next() * (ceiling + 1));
    if (clock.monotonic() + ms >= run.deadline) {
      throw run.unknown.size > 0 ? outcomeUnknown(run.options.label) : outOfTime(run.options.label);
    }
    await new Promise<void>((resolve) => {
      timers.set(ms, resolve);
    });
  }

  private nextStamp(): Stamp {
    if (this.stampLow === 0) this.stampHigh = Math.floor(this.environment.random.next() * 2 ** 32);
    const stamp = { high: this.stampHigh, low: this.stampLow };
    this.stampLow = (this.stampLow + 1) % 2 ** 32;
    return stamp;
  }
}

/** After an unknown outcome the transaction's own record is read first: it says which attempt was committed. */
async function committedBefore<T>(run: Run<T>, records: RecordTransaction): Promise<Answer<T> | undefined> {
  if (run.id === undefined || run.unknown.size === 0) return undefined;
  const own = await records.get('transactions', [run.id]);
  return own && run.unknown.get(own.attempt);
}

async function answerOf<T>(callback: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { kind: 'result', result: await callback() };
  } catch (error) {
    return { kind: 'error', error };
  }
}

function resultOf<T>(answer: Answer<T>): T {
  if (answer.kind === 'result') return answer.result;
  throw answer.error;
}

function givenUp<T>(run: Run<T>, cause: Error): StoreError {
  const { label } = run.options;
  if (run.unknown.size > 0) return outcomeUnknown(label, cause);
  return lostReason(label, cause);
}

/** Nothing was written, and a fresh attempt may succeed. */
function isPassing(error: unknown): error is KvConflict | KvTransient {
  return error instanceof KvConflict || error instanceof KvTransient;
}

function lostReason(label: string, cause: Error): StoreError {
  if (cause instanceof KvTransient) return cause.final;
  return new StoreError('conflict', `every attempt of ${label} lost against another writer`, { cause });
}
