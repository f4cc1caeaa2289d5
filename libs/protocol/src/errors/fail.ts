import type { Refusal } from '@state-server/domain';
import { type ErrorCode, errorRow } from './error-table';
import { type ErrorDetails, type FailOptions, StateError } from './state-error';

/** `throw fail('object.not_found', { id })`: details and message are sent to the client, so no secret goes in. */
export function fail(
  code: ErrorCode,
  details?: ErrorDetails,
  message?: string,
  options?: FailOptions,
): StateError {
  const row = errorRow(code);
  return new StateError(code, message ?? row.summary, row, details, options);
}

export function fromRefusal(refusal: Refusal): StateError {
  return fail(refusal.code, refusal.details, refusal.message);
}

/** Anything thrown, as a row of the table: what is not a StateError says nothing about its inside (`internal`). */
export function toStateError(error: unknown): StateError {
  return error instanceof StateError ? error : fail('internal', undefined, undefined, { cause: error });
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
