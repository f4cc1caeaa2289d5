import { type Job, Queue as BullQueue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Handler, Queue, QueueEvents, Schedule } from '@state-server/queue-port';

export interface BullMqOptions {
  /** `redis://` or `rediss://`; the server must run with `maxmemory-policy noeviction`. */
  readonly url: string;
  /** Without ':'. */
  readonly name: string;
  /** Milliseconds for each command; default 2,000. */
  readonly deadlineMs?: number;
  /** Attempts for one piece of work, the first included; default 5. */
  readonly attempts?: number;
  /** Milliseconds before the second attempt, doubled for each further one; default 1,000. */
  readonly backoffMs?: number;
  /** Milliseconds that `close` waits for the work in hand; default 5,000. */
  readonly closeMs?: number;
  readonly events?: QueueEvents;
}

type Payload = Readonly<Record<string, unknown>>;
type Data = Record<string, unknown>;

const MAX_RETRY_MS = 1_000;
/** A worker holds its work so long without a sign of life; it gives one at half that time. */
const LOCK_MS = 10_000;
/** Between two looks for work whose worker is gone. */
const STALLED_MS = 5_000;

/** A queue on Redis by BullMQ. */
export function createBullMqQueue(options: BullMqOptions): Queue {
  return new BullMqQueue(options);
}

class BullMqQueue implements Queue {
  private readonly connection: Redis;
  private queue: BullQueue<Data> | undefined;
  private readonly abort = new AbortController();
  private worker: { readonly bull: Worker<Data>; readonly connection: Redis } | undefined;

  constructor(private readonly options: BullMqOptions) {
    const deadlineMs = options.deadlineMs ?? 2_000;
    this.connection = new Redis(options.url, {
      commandTimeout: deadlineMs,
      connectTimeout: deadlineMs,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      retryStrategy,
    });
    this.connection.on('error', (error: Error) => this.linkError(error));
  }

  get connected(): boolean {
    return this.connection.status === 'ready';
  }

  onConnected(listener: () => void): void {
    this.connection.on('ready', listener);
  }

  async enqueue(id: string, payload: Payload): Promise<void> {
    await this.open().add('work', { ...payload }, { jobId: id });
  }

  async schedule(schedule: Schedule, payload: Payload = {}): Promise<void> {
    await this.open().upsertJobScheduler(
      schedule.name,
      { every: schedule.everyMs },
      { name: schedule.name, data: { ...payload } },
    );
  }

  process(handler: Handler, options: { readonly concurrency?: number } = {}): void {
    if (this.worker) throw new Error(`the queue ${this.options.name} is being processed already`);
    // A worker blocks on Redis: it needs a link of its own, and one that waits for ever (BullMQ asks for null).
    const connection = new Redis(this.options.url, { maxRetriesPerRequest: null, retryStrategy });
    connection.on('error', (error: Error) => this.linkError(error));
    const bull = new Worker<Data>(this.options.name, (job) => this.run(handler, job), {
      connection,
      concurrency: options.concurrency ?? 1,
      // Of a worker that was killed: its work is taken over by another after at most the sum of both.
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_MS,
    });
    bull.on('error', (error) => this.linkError(error));
    bull.on('failed', (job, error) => {
      this.options.events?.failed?.(this.options.name, job?.id ?? '', error, job?.attemptsMade ?? 0);
    });
    this.worker = { bull, connection };
  }

  async close(): Promise<void> {
    this.abort.abort();
    if (this.worker) {
      const { bull, connection } = this.worker;
      const closed = bull.close().catch((error: unknown) => this.linkError(asError(error)));
      await within(closed, this.options.closeMs ?? 5_000);
      connection.disconnect();
    }
    if (this.queue) {
      const closed = this.queue.close().catch((error: unknown) => this.linkError(asError(error)));
      await within(closed, this.options.closeMs ?? 5_000);
    }
    this.connection.disconnect();
  }

  /** BullMQ's producer asks the server for its version when it is made: so it is made once the link stands. */
  private open(): BullQueue<Data> {
    if (!this.connected) throw new Error(`the queue ${this.options.name} is away: Redis does not answer`);
    if (this.queue) return this.queue;
    const queue = new BullQueue<Data>(this.options.name, {
      connection: this.connection,
      skipWaitingForReady: true,
      defaultJobOptions: {
        attempts: this.options.attempts ?? 5,
        backoff: { type: 'exponential', delay: this.options.backoffMs ?? 1_000 },
        removeOnComplete: true,
        // An id that failed for good must be free again: the outbox still asks for its work.
        removeOnFail: true,
      },
    });
    queue.on('error', (error) => this.linkError(error));
    this.queue = queue;
    return queue;
  }

  private async run(handler: Handler, job: Job<Data>): Promise<unknown> {
    const started = performance.now();
    const id = job.id ?? job.name;
    const result = await handler({
      id,
      payload: job.data,
      attempt: job.attemptsMade + 1,
      signal: this.abort.signal,
    });
    this.options.events?.done?.(this.options.name, id, result, performance.now() - started);
    return result;
  }

  private linkError(error: Error): void {
    this.options.events?.linkError?.(this.options.name, error);
  }
}

function retryStrategy(attempt: number): number {
  return Math.min(MAX_RETRY_MS, 25 * 2 ** Math.min(attempt, 6));
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Waits for the promise, but no longer than the deadline: what is left then is found again by the queue's own stall check. */
async function within(promise: Promise<unknown>, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  await Promise.race([promise, deadline]);
  clearTimeout(timer);
}
