import type { Environment } from '@state-server/domain';
import { StoreError } from '@state-server/persistence-port';
import { KvConflict, KvOutcomeUnknown, KvTransient } from '@state-server/persistence-records';
import { codeOf, type FdbDatabase } from './binding';
import { GatedTransaction } from './buffer-gate';
import { endsClient, meaningOf, nameOfCode } from './error-codes';
import type { KeySpace } from './key-space';
import { type FoundationDbMetrics, NO_METRICS } from './metrics';

export interface FoundationDbLog {
  warn(fields: Readonly<Record<string, unknown>>, event: string): void;
  error(fields: Readonly<Record<string, unknown>>, event: string): void;
}

export interface ClientOptions {
  readonly database: FdbDatabase;
  readonly keys: KeySpace;
  readonly environment: Environment;
  /** Milliseconds after which the native client gives up whatever is asked of a transaction. */
  readonly timeoutMs: number;
  readonly log?: FoundationDbLog;
  readonly metrics?: FoundationDbMetrics;
  /** The client is of no more use in this process, which must be started again. Called once. */
  readonly onFatal?: (error: Error) => void;
}

/** Pauses before a question is asked again: uniform in [0, min(cap, base · 2^n)] ms. */
const PAUSE_BASE_MS = 10;
const PAUSE_CAP_MS = 250;

/** What all transactions of a database share: how they are made, and what their errors mean. */
export class Client {
  readonly keys: KeySpace;
  readonly metrics: FoundationDbMetrics;
  private dead = false;

  constructor(private readonly options: ClientOptions) {
    this.keys = options.keys;
    this.metrics = options.metrics ?? NO_METRICS;
  }

  now(): number {
    return this.options.environment.clock.monotonic();
  }

  createTransaction(timeoutMs = this.options.timeoutMs): GatedTransaction {
    return new GatedTransaction(this.options.database, {
      timeout: timeoutMs,
      read_your_writes_disable: true,
    });
  }

  async pause(failures: number): Promise<void> {
    const { random, timers } = this.options.environment;
    const ceiling = Math.min(PAUSE_CAP_MS, PAUSE_BASE_MS * 2 ** failures);
    const ms = Math.floor(random.next() * (ceiling + 1));
    await new Promise<void>((resolve) => {
      timers.set(ms, resolve);
    });
  }

  mayAskAgain(error: unknown, call: 'snapshot' | 'read'): boolean {
    const code = codeOf(error);
    if (code === undefined || meaningOf(code, call) !== 'again') return false;
    this.metrics.askedAgain(code);
    return true;
  }

  /** What the record layer is to hear of an error of a read. Programming errors are handed on as they are. */
  readFailure(error: unknown, call: 'snapshot' | 'read'): Error {
    const code = this.note(error, call);
    if (code === undefined) return asError(error);
    switch (meaningOf(code, call)) {
      case 'again':
      case 'conflict':
      case 'fresh':
      case 'unknown':
        return passing(code, error);
      case 'too_large':
        return new StoreError('too_large', refusal(code), { cause: error });
      case 'away':
      case 'fatal':
        return new StoreError('unavailable', noAnswer(code), { cause: error });
    }
  }

  commitFailure(error: unknown, label: string): Error {
    const code = this.note(error, 'commit', label);
    if (code === undefined) return asError(error);
    switch (meaningOf(code, 'commit')) {
      case 'conflict':
        return new KvConflict();
      case 'again':
      case 'fresh':
        return passing(code, error);
      case 'unknown':
        return new KvOutcomeUnknown({ cause: error });
      case 'too_large':
        return new StoreError('too_large', refusal(code), { cause: error });
      case 'away':
      case 'fatal':
        return new StoreError('unavailable', noAnswer(code), { cause: error });
    }
  }

  private note(error: unknown, call: 'snapshot' | 'read' | 'commit', label?: string): number | undefined {
    const code = codeOf(error);
    if (code === undefined) return undefined;
    this.metrics.error(call, code);
    const meaning = meaningOf(code, call);
    if (meaning === 'unknown' || meaning === 'away')
      this.options.log?.warn({ err: error, call, code, ...(label && { label }) }, 'store.foundationdb.error');
    if (endsClient(code)) this.die(asError(error), code);
    return code;
  }

  private die(error: Error, code: number): void {
    if (this.dead) return;
    this.dead = true;
    this.options.log?.error({ err: error, code }, 'store.foundationdb.client_ended');
    this.options.onFatal?.(error);
  }
}

/** Tried again by the record layer; when no attempt is left, the caller hears that the store is busy or away. */
const passing = (code: number, cause: unknown): KvTransient =>
  new KvTransient(new StoreError('unavailable', noAnswer(code), { cause }));

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

const refusal = (code: number): string => `FoundationDB refused it: ${nameOfCode(code)}; nothing was written`;

const noAnswer = (code: number): string => `FoundationDB does not answer: ${nameOfCode(code)}`;
