import { createLogger, createMetrics } from '@state-server/platform';
import type { Handler, Queue, Schedule, Work } from '@state-server/queue-port';
import { createFakeEnvironment } from '@state-server/testing';
import { Runner } from './runner';
import { periodicTasks, type Task } from './tasks';

/** A queue whose work the test hands out itself. */
class HandQueue implements Queue {
  connected = true;
  readonly schedules: string[] = [];
  tellConnected: () => void = () => undefined;
  private handler: Handler | undefined;

  enqueue(): Promise<void> {
    return Promise.resolve();
  }

  schedule({ name, everyMs }: Schedule): Promise<void> {
    if (!this.connected) return Promise.reject(new Error('Redis is away'));
    this.schedules.push(`${name} ${everyMs}`);
    return Promise.resolve();
  }

  onConnected(listener: () => void): void {
    this.tellConnected = listener;
  }

  process(handler: Handler): void {
    this.handler = handler;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async run(task: string): Promise<unknown> {
    const work: Work = { id: task, payload: { task }, attempt: 1, signal: new AbortController().signal };
    return this.handler?.(work);
  }
}

describe('jobs-runner', () => {
  const environment = createFakeEnvironment();
  const log = createLogger({ service: 'jobs-runner', instance: 'test', level: 'silent' });
  const metrics = () => createMetrics({ service: 'jobs-runner', instance: 'test', ofProcess: false });

  function runner(tasks: readonly Task[]) {
    const queue = new HandQueue();
    const numbers = metrics();
    return { queue, numbers, runner: new Runner({ queue, tasks, environment, log, metrics: numbers }) };
  }

  const task = (run: Task['run']): Task => ({ name: 'tidy', everyMs: 1_000, run });

  it('sets its schedules again and again: Redis may have been restarted empty (F1, UPKEEP-5)', async () => {
    const { queue, runner: jobs } = runner([task(() => Promise.resolve({ done: 0, finished: true }))]);
    jobs.start();
    await environment.advance(60_000);
    expect(queue.schedules).toEqual(['tidy 1000', 'tidy 1000', 'tidy 1000']);
    jobs.stop();
    await environment.advance(60_000);
    expect(queue.schedules).toHaveLength(3);
  });

  it('sets its schedules at once when the link stands again, and then goes on as before (F1)', async () => {
    const { queue, runner: jobs } = runner([task(() => Promise.resolve({ done: 0, finished: true }))]);
    jobs.start();
    await environment.advance(1_000);
    queue.tellConnected();
    await environment.advance(0);
    expect(queue.schedules).toHaveLength(2);
    await environment.advance(30_000);
    expect(queue.schedules).toHaveLength(3);
    jobs.stop();
    queue.tellConnected();
    await environment.advance(60_000);
    expect(queue.schedules).toHaveLength(3);
  });

  it('looks for an absent Redis every second, and sets its schedules as soon as it is there (F2, UPKEEP-5)', async () => {
    const { queue, runner: jobs } = runner([task(() => Promise.resolve({ done: 0, finished: true }))]);
    queue.connected = false;
    jobs.start();
    await environment.advance(3_500);
    expect(queue.schedules).toEqual([]);
    queue.connected = true;
    await environment.advance(1_000);
    expect(queue.schedules).toEqual(['tidy 1000']);
    jobs.stop();
  });

  it('tells what each run did, and lets a failed one be tried again', async () => {
    let fails = true;
    const {
      queue,
      numbers,
      runner: jobs,
    } = runner([
      task(() => (fails ? Promise.reject(new Error('no')) : Promise.resolve({ done: 7, finished: false }))),
    ]);
    jobs.start();
    await expect(queue.run('tidy')).rejects.toThrow('no');
    fails = false;
    expect(await queue.run('tidy')).toEqual({ done: 7, finished: false });
    const { text } = await numbers.render();
    expect(text).toMatch(/upkeep_runs_total\{task="tidy",outcome="failed",[^}]*\} 1/);
    expect(text).toMatch(/upkeep_done_total\{task="tidy",[^}]*\} 7/);
    jobs.stop();
  });

  it('passes over a schedule of another version', async () => {
    const { queue, runner: jobs } = runner([]);
    jobs.start();
    expect(await queue.run('of long ago')).toEqual({ skipped: true });
    jobs.stop();
  });

  it('has a task for everything that has a lifetime, each with a name of its own', () => {
    const nothing = { environment } as unknown as Parameters<typeof periodicTasks>[0];
    const times = {
      UPKEEP_EVERY_MS: 1,
      OUTBOX_EVERY_MS: 2,
      UNDO_HORIZON_MS: 3,
      DEDUPE_MS: 4,
      CHECKPOINTS_EVERY_MS: 5,
      LOG_RETENTION_DAYS: 6,
      AUDIT_RETENTION_DAYS: 0,
      POPULARITY_EVERY_MS: 7,
    };
    const names = periodicTasks(nothing, times).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining([
        'expire-idempotency_keys',
        'forget-op-ids',
        'reap-deleted',
        'purge-branes',
        'relay-outbox',
        'checkpoint-branes',
        'sweep-checkpoints',
        'trim-logs',
      ]),
    );
  });
});
