import type { Environment, TimerHandle } from '@state-server/domain';
import type { Logger, Metrics } from '@state-server/platform';
import type { Queue, Work } from '@state-server/queue-port';
import type { Task } from './tasks';

/** The schedules are set again whenever the link stands anew, and this often: Redis may have forgotten them (SYNC F1). */
const REMIND_MS = 30_000;

export interface RunnerDeps {
  readonly queue: Queue;
  readonly tasks: readonly Task[];
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Sees that every task runs at its interval, on one process at a time, and says what each run did. */
export class Runner {
  private timer: TimerHandle | undefined;
  private stopped = false;
  private readonly runs;
  private readonly done;
  private readonly seconds;

  constructor(private readonly deps: RunnerDeps) {
    const { metrics } = deps;
    const labels = ['task'] as const;
    this.runs = metrics.counter({
      name: 'upkeep_runs_total',
      help: 'Runs of periodic work.',
      labels: ['task', 'outcome'],
    });
    this.done = metrics.counter({
      name: 'upkeep_done_total',
      help: 'What periodic work has dealt with.',
      labels,
    });
    this.seconds = metrics.histogram({ name: 'upkeep_run_seconds', help: 'Duration of one run.', labels });
  }

  start(): void {
    this.deps.queue.process((work) => this.run(work), { concurrency: 2 });
    this.deps.queue.onConnected(() => {
      if (!this.stopped) void this.remind();
    });
    void this.remind();
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== undefined) this.deps.environment.timers.clear(this.timer);
  }

  /** Sets the schedules, now and again and again. */
  private async remind(): Promise<void> {
    let waitMs = REMIND_MS;
    try {
      for (const { name, everyMs } of this.deps.tasks) {
        await this.deps.queue.schedule({ name, everyMs }, { task: name });
      }
    } catch (error) {
      this.deps.log.debug('upkeep.schedule.failed', { err: error });
      // Redis is away: looked for again soon, so that nothing waits long once it is back.
      waitMs = 1_000;
    }
    if (this.timer !== undefined) this.deps.environment.timers.clear(this.timer);
    this.timer = this.stopped
      ? undefined
      : this.deps.environment.timers.set(waitMs, () => void this.remind());
  }

  private async run(work: Work): Promise<Readonly<Record<string, unknown>>> {
    const { clock } = this.deps.environment;
    const task = this.deps.tasks.find(({ name }) => name === work.payload['task']);
    // A schedule of an older version, still in Redis.
    if (!task) return { skipped: true };
    const started = clock.monotonic();
    try {
      const report = await task.run(work.signal);
      this.runs.inc({ task: task.name, outcome: report.finished ? 'finished' : 'bounded' });
      this.done.inc({ task: task.name }, report.done);
      if (report.done > 0) this.deps.log.info('upkeep.done', { task: task.name, ...report });
      return { ...report };
    } catch (error) {
      this.runs.inc({ task: task.name, outcome: 'failed' });
      this.deps.log.warn('upkeep.failed', { task: task.name, attempt: work.attempt, err: error });
      throw error;
    } finally {
      this.seconds.observe({ task: task.name }, (clock.monotonic() - started) / 1_000);
    }
  }
}
