import { setTimeout as sleep } from 'node:timers/promises';
import { afterExit, NO_FAILURES } from './backoff';
import { Child, describeExit, type Exit, type ProcessSpec } from './child';
import { type Probe } from './probe';
import { type ProcessIdentity } from './process-identity';

export interface ServiceSpec extends ProcessSpec {
  readonly url: string;
  /** Its page for Prometheus, if it has one. */
  readonly metrics?: string;
  readonly probe: Probe;
  /** How long it may drain after SIGTERM. */
  readonly graceMs: number;
  /** How long it may take until it is ready; after that it is as good as ended. */
  readonly startMs: number;
}

export type ServiceEvent =
  | { readonly kind: 'started'; readonly name: string }
  | { readonly kind: 'ready'; readonly name: string; readonly ms: number; readonly again: boolean }
  | { readonly kind: 'ended'; readonly name: string; readonly exit: Exit; readonly restartInMs: number }
  | { readonly kind: 'silent'; readonly name: string }
  | { readonly kind: 'slow'; readonly name: string };

/** The first start went wrong: the whole of `up` gives up, for a person is watching. */
export class StartFailure extends Error {
  constructor(
    readonly service: string,
    readonly reason: string,
  ) {
    super(`${service}: ${reason}`);
  }
}

type Outcome = 'ready' | 'slow' | Exit;

interface Incarnation {
  readonly child: Child;
  /** How its start ended. */
  readonly readiness: Promise<Outcome>;
}

const READY_POLL_MS = 100;

/** One service over all its incarnations: start, readiness, restart with backoff, end. */
export class Service {
  private child: Child | undefined;
  private readonly stopping = new AbortController();
  private life: Promise<void> = Promise.resolve();
  /** Ready in this incarnation: from now on the watchdog looks at it. */
  isReady = false;

  constructor(
    readonly spec: ServiceSpec,
    private readonly onEvent: (event: ServiceEvent) => void,
  ) {}

  get process(): ProcessIdentity | null {
    return this.child?.identity ?? null;
  }

  /** Starts it and waits until it is ready; from then on it is restarted whenever it ends. @throws StartFailure */
  async start(): Promise<void> {
    if (this.isStopping()) throw new StartFailure(this.spec.name, 'was told to end before it started');
    const first = this.spawn();
    const outcome = await first.readiness;
    if (outcome === 'slow') {
      throw new StartFailure(this.spec.name, `was not ready after ${this.spec.startMs / 1_000} s`);
    }
    if (outcome !== 'ready') {
      const how = outcome.signal ? ` (${describeExit(outcome)})` : '';
      throw new StartFailure(this.spec.name, `${outcome.words}${how}`);
    }
    this.life = this.keepAlive(first);
  }

  /** Ends it, at the latest after its grace; it is not restarted. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.child?.stop(this.spec.graceMs);
    await this.life;
  }

  kill(): void {
    this.child?.signal('SIGKILL');
  }

  /** For a process that does not answer: SIGKILL works on a frozen one too, SIGTERM would wait for ever. */
  endSilent(): void {
    this.isReady = false;
    this.onEvent({ kind: 'silent', name: this.spec.name });
    this.kill();
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private spawn(again = false): Incarnation {
    const startedAt = performance.now();
    const child = new Child(this.spec);
    this.child = child;
    this.onEvent({ kind: 'started', name: this.spec.name });
    const readiness = this.untilReady(child).then((outcome) => {
      if (outcome === 'ready') {
        this.isReady = true;
        this.onEvent({ kind: 'ready', name: this.spec.name, ms: performance.now() - startedAt, again });
      }
      return outcome;
    });
    return { child, readiness };
  }

  private async keepAlive(first: Incarnation): Promise<void> {
    let current = first;
    let backoff = NO_FAILURES;
    for (;;) {
      const exit = await current.child.exited;
      this.isReady = false;
      this.child = undefined;
      if (this.isStopping()) return;
      const { delayMs, next } = afterExit(backoff, exit.ranMs);
      backoff = next;
      this.onEvent({ kind: 'ended', name: this.spec.name, exit, restartInMs: delayMs });
      await sleep(delayMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      if (this.isStopping()) return;
      current = this.spawn(true);
      void this.endWhenSlow(current);
    }
  }

  private async endWhenSlow({ child, readiness }: Incarnation): Promise<void> {
    if ((await readiness) !== 'slow') return;
    this.onEvent({ kind: 'slow', name: this.spec.name });
    child.signal('SIGKILL');
  }

  private async untilReady(child: Child): Promise<Outcome> {
    const deadline = performance.now() + this.spec.startMs;
    while (performance.now() < deadline) {
      if (await this.spec.probe.ready()) return child.exit ?? 'ready';
      if (child.exit) return child.exit;
      await Promise.race([sleep(READY_POLL_MS), child.exited]);
    }
    return 'slow';
  }
}
