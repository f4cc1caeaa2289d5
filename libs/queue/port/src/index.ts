/** One piece of background work, as it is handed to its handler. */
export interface Work {
  /** The same id is never in the queue twice at a time. */
  readonly id: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** From 1. */
  readonly attempt: number;
  /** Aborted when the worker closes or the work's time is up: stop at the next safe point. */
  readonly signal: AbortSignal;
}

/** May run again after a failure or a crash: it must be idempotent. Its answer goes to logs and metrics. */
export type Handler = (work: Work) => Promise<Readonly<Record<string, unknown>> | void>;

export interface Schedule {
  /** Names the schedule; setting it again replaces it, on all processes together. */
  readonly name: string;
  readonly everyMs: number;
}

/**
 * Background work for one kind of handler. The queue holds no sole copy of anything (SYNC F1): what must not be lost is
 * in the store's outbox and is enqueued again when the queue has forgotten it.
 */
export interface Queue {
  /** Puts work in; a second one with the same id while the first waits or runs changes nothing. Rejects when the queue is away. */
  enqueue(id: string, payload: Readonly<Record<string, unknown>>): Promise<void>;
  /** Runs at the interval, on one process at a time however many there are. Rejects when the queue is away. */
  schedule(schedule: Schedule, payload?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Starts to take work; failures are tried again with backoff. Call once. */
  process(handler: Handler, options?: { readonly concurrency?: number }): void;
  /** Whether the link to the queue stands. */
  readonly connected: boolean;
  /** Told each time the link stands again; schedules and work that waited may be gone. */
  onConnected(listener: () => void): void;
  /** Waits for the work in hand, within the deadline, then lets go. */
  close(): Promise<void>;
}

/** What became of one piece of work, for logs and metrics. */
export interface QueueEvents {
  readonly done?: (queue: string, id: string, result: unknown, ms: number) => void;
  readonly failed?: (queue: string, id: string, error: Error, attempt: number) => void;
  readonly linkError?: (queue: string, error: Error) => void;
}
