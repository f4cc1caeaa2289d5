import type { Environment } from '@state-server/domain';
import type { HealthResponse } from '@state-server/protocol';
import { withDeadline } from '../deadline';
import type { Logger } from '../log/logger';

/** `degraded`: the service does its work without it, slower (SYNC F2). */
export interface CheckState {
  readonly status: 'ok' | 'degraded' | 'unavailable';
  /** For people; seen by whoever asks, so it says nothing about the inside. */
  readonly message?: string;
}

/** Answers nothing when all is well; whatever it throws means `unavailable`, and goes into the log alone. */
export type Check = () => CheckState | undefined | void | Promise<CheckState | undefined | void>;

export interface HealthOptions {
  readonly service: string;
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
  readonly log: Logger;
  /** Milliseconds for each check; default 1,000. */
  readonly checkMs?: number;
  /** Milliseconds for which an answer is good: probes must not be a load; default 250. */
  readonly reuseMs?: number;
}

type Report = { readonly ok: boolean; readonly body: HealthResponse };

/** What the probes of one process are answered from. */
export class Health {
  private readonly checks = new Map<string, Check>();
  private phase: 'starting' | 'running' | 'draining' = 'starting';
  private last: { readonly at: number; readonly states: Promise<Record<string, CheckState>> } | undefined;
  private readonly told = new Map<string, CheckState['status']>();

  constructor(private readonly options: HealthOptions) {}

  /** Readiness depends on it from now on. */
  register(name: string, check: Check): void {
    if (this.checks.has(name)) throw new Error(`there is a health check ${name} already`);
    this.checks.set(name, check);
  }

  /** The start is over. */
  started(): void {
    if (this.phase === 'starting') this.phase = 'running';
  }

  /** Not ready any more, for good. */
  drain(): void {
    this.phase = 'draining';
  }

  get draining(): boolean {
    return this.phase === 'draining';
  }

  /** The event loop turns. */
  live(): Report {
    return this.report(true, 'ok', {});
  }

  startup(): Report {
    const ok = this.phase !== 'starting';
    return this.report(ok, ok ? 'ok' : 'starting', {});
  }

  async ready(): Promise<Report> {
    const states = await this.states();
    if (this.phase === 'draining') return this.report(false, 'draining', states);
    if (this.phase === 'starting') return this.report(false, 'starting', states);
    const ok = Object.values(states).every(({ status }) => status !== 'unavailable');
    return this.report(ok, ok ? 'ok' : 'unavailable', states);
  }

  private states(): Promise<Record<string, CheckState>> {
    const now = this.options.environment.clock.monotonic();
    if (!this.last || now - this.last.at >= (this.options.reuseMs ?? 250)) {
      this.last = { at: now, states: this.look() };
    }
    return this.last.states;
  }

  private async look(): Promise<Record<string, CheckState>> {
    const entries = await Promise.all(
      [...this.checks].map(async ([name, check]) => [name, await this.run(name, check)] as const),
    );
    return Object.fromEntries(entries);
  }

  private async run(name: string, check: Check): Promise<CheckState> {
    const { checkMs = 1_000, environment } = this.options;
    try {
      const work = async (): Promise<CheckState | undefined | void> => check();
      const state = (await withDeadline(work, checkMs, `health.${name}`, environment.timers)) ?? OK;
      this.tell(name, state.status);
      return state;
    } catch (error) {
      this.tell(name, 'unavailable', error);
      return { status: 'unavailable', message: 'It does not answer.' };
    }
  }

  /** A line when it changes, not one for each probe. */
  private tell(name: string, status: CheckState['status'], err?: unknown): void {
    const before = this.told.get(name) ?? 'ok';
    this.told.set(name, status);
    if (before === status) return;
    const fields = { check: name, status, ...(err === undefined ? {} : { err }) };
    if (status === 'ok') this.options.log.info('health.changed', fields);
    else this.options.log.warn('health.changed', fields);
  }

  private report(
    ok: boolean,
    status: HealthResponse['status'],
    checks: Readonly<Record<string, CheckState>>,
  ): Report {
    return { ok, body: { status, service: this.options.service, checks: { ...checks } } };
  }
}

const OK: CheckState = { status: 'ok' };
