import { dueOperations, type WorkDeps, workOperation } from '@state-server/commit';
import type { Environment, TimerHandle } from '@state-server/domain';
import type { Bus, Subscription } from '@state-server/messaging-port';
import { channels } from '@state-server/messaging-port';
import type { Logger, Metrics } from '@state-server/platform';

/** How often it is looked for operations that nobody has told of, ms: the bus may be away (SYNC F2). */
const LOOK_MS = 500;
/** Operations that this process works on at the same time: a long one does not keep the others waiting. */
const AT_ONCE = 4;

export interface OperationsDeps extends Omit<WorkDeps, 'onFailure' | 'environment'> {
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Works operations off (SYNC S3): woken by the bus, and looking by itself. Any number of processes may do so at once. */
export class OperationsLoop {
  private readonly running = new Map<string, Promise<void>>();
  private readonly stopping = new AbortController();
  private readonly ends;
  private timer: TimerHandle | undefined;
  private subscription: Subscription | undefined;
  private looking: Promise<void> | undefined;
  private wanted = false;

  constructor(private readonly deps: OperationsDeps) {
    this.ends = deps.metrics.counter({
      name: 'operations_worked_total',
      help: 'Operations that were taken up, by how that ended.',
      labels: ['outcome'],
    });
  }

  start(): void {
    const subscribed = this.deps.bus.subscribe(channels.operations, () => {
      this.look();
    });
    void subscribed.then(
      (subscription) => {
        this.subscription = subscription;
      },
      (error: unknown) => this.deps.log.debug('operations.subscribe.failed', { err: error }),
    );
    this.look();
  }

  /** Begins nothing new; what is under way ends with the step that it is at, and anybody may go on from there. */
  async stop(): Promise<void> {
    this.stopping.abort();
    if (this.timer !== undefined) this.deps.environment.timers.clear(this.timer);
    await this.looking;
    await Promise.allSettled(this.running.values());
    await this.subscription?.unsubscribe();
  }

  private look(): void {
    // What was started while this look was under way may have been missed by it.
    this.wanted = this.looking !== undefined;
    if (this.looking || this.stopping.signal.aborted) return;
    this.looking = this.takeUp().finally(() => {
      this.looking = undefined;
      if (this.wanted) this.look();
      else this.lookAgain();
    });
  }

  private lookAgain(): void {
    const { timers } = this.deps.environment;
    if (this.timer !== undefined) timers.clear(this.timer);
    if (this.stopping.signal.aborted) return;
    this.timer = timers.set(LOOK_MS, () => {
      this.look();
    });
  }

  private async takeUp(): Promise<void> {
    const { store, environment, log } = this.deps;
    const room = AT_ONCE - this.running.size;
    if (room <= 0) return;
    try {
      const due = await dueOperations(store, environment.clock.now(), AT_ONCE + room);
      const fresh = due.filter((id) => !this.running.has(id)).slice(0, room);
      for (const id of fresh) this.running.set(id, this.work(id));
    } catch (error) {
      log.warn('operations.look.failed', { err: error });
    }
  }

  private async work(id: string): Promise<void> {
    const { log } = this.deps;
    const deps: WorkDeps = {
      ...this.deps,
      onFailure: ({ kind, brane_id, step, failures = 0 }, error) =>
        log.warn('operation.step.failed', { operation: id, kind, brane_id, step, failures, err: error }),
    };
    try {
      const outcome = await workOperation(deps, id, this.stopping.signal);
      this.ends.inc({ outcome });
      if (outcome === 'ended') log.info('operation.ended', { operation: id });
    } catch (error) {
      this.ends.inc({ outcome: 'failed' });
      log.warn('operation.failed', { operation: id, err: error });
    } finally {
      this.running.delete(id);
      this.look();
    }
  }
}
