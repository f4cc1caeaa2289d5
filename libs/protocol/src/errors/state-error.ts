import type { ErrorCode } from './error-table';

export type ErrorDetails = Readonly<Record<string, unknown>>;

export interface FailOptions {
  /** When trying again makes sense, in ms from now: Retry-After, `retry_after_ms`. */
  readonly retryAfterMs?: number;
  /** For the log only; never sent. */
  readonly cause?: unknown;
}

export interface ErrorFacts {
  /** HTTP status; of what an SDK refuses by the rules, 422; of what a WebSocket brought, 0. */
  readonly status: number;
  /** The same request, sent again later, may succeed. */
  readonly retryable: boolean;
}

/**
 * What every use case throws (see `fail`), and what an SDK makes of an answer: a row of the error table with what is known
 * about this case. It knows nothing of the table itself, whose texts no page should have to load.
 */
export class StateError extends Error {
  readonly status: number;
  readonly retryable: boolean;
  readonly details?: ErrorDetails;
  readonly retryAfterMs?: number;

  constructor(
    /** From a newer server also one that `ErrorCode` does not have yet. */
    readonly code: ErrorCode,
    message: string,
    facts: ErrorFacts,
    details?: ErrorDetails,
    options: FailOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StateError';
    this.status = facts.status;
    this.retryable = facts.retryable;
    if (details !== undefined) this.details = details;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}
