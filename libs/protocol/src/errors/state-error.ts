import type { Refusal } from '@state-server/domain';
import { type ErrorCode, errorRow } from './error-table';

export type ErrorDetails = Readonly<Record<string, unknown>>;

export interface FailOptions {
  /** When trying again makes sense, in ms from now: Retry-After, `retry_after_ms`. */
  readonly retryAfterMs?: number;
  /** For the log only; never sent. */
  readonly cause?: unknown;
}

/** What every use case throws: a row of the error table with what is known about this case. */
export class StateError extends Error {
  readonly status: number;
  readonly retryable: boolean;
  readonly details?: ErrorDetails;
  readonly retryAfterMs?: number;

  constructor(
    readonly code: ErrorCode,
    message?: string,
    details?: ErrorDetails,
    options: FailOptions = {},
  ) {
    const row = errorRow(code);
    super(message ?? row.summary, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StateError';
    this.status = row.status;
    this.retryable = row.retryable;
    if (details !== undefined) this.details = details;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

/** `throw fail('object.not_found', { id })`: details and message are sent to the client, so no secret goes in. */
export function fail(
  code: ErrorCode,
  details?: ErrorDetails,
  message?: string,
  options?: FailOptions,
): StateError {
  return new StateError(code, message, details, options);
}

export function fromRefusal(refusal: Refusal): StateError {
  return new StateError(refusal.code, refusal.message, refusal.details);
}

/** Anything thrown, as a row of the table: what is not a StateError says nothing about its inside (`internal`). */
export function toStateError(error: unknown): StateError {
  return error instanceof StateError
    ? error
    : new StateError('internal', undefined, undefined, { cause: error });
}

/** `ErrorMessageResponse` of REST. */
export interface ErrorEnvelope {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly request_id: string;
    readonly retryable: boolean;
    readonly details?: ErrorDetails;
  };
}

export function toEnvelope(error: unknown, requestId: string): ErrorEnvelope {
  const { code, message, retryable, details } = toStateError(error);
  const body = { code, message, request_id: requestId, retryable };
  return { error: details === undefined ? body : { ...body, details } };
}

/** The frame that an error answers. */
export interface FrameReference {
  readonly id?: string | undefined;
  readonly brane_id?: string | undefined;
  readonly op_id?: string | undefined;
}

export interface SystemError {
  readonly type: 'system.error';
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  /** The `id` of the frame that is answered. */
  readonly in_reply_to?: string;
  readonly brane_id?: string;
  /** The edit that is refused. */
  readonly op_id?: string;
  readonly retry_after_ms?: number;
  readonly details?: ErrorDetails;
}

/** `inReplyTo`: the frame that went wrong (its `id`, `brane_id` and `op_id` are repeated), or just its `id`. */
export function toSystemError(error: unknown, inReplyTo: FrameReference | string = {}): SystemError {
  const { code, message, retryable, details, retryAfterMs } = toStateError(error);
  const { id, brane_id, op_id } = typeof inReplyTo === 'string' ? { id: inReplyTo } : inReplyTo;
  return {
    type: 'system.error',
    code,
    message,
    retryable,
    ...(id === undefined ? {} : { in_reply_to: id }),
    ...(brane_id === undefined ? {} : { brane_id }),
    ...(op_id === undefined ? {} : { op_id }),
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
    ...(details === undefined ? {} : { details }),
  };
}
