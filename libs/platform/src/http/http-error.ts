import { HttpException } from '@nestjs/common';
import { StoreError } from '@state-server/persistence-port';
import { DecodeError, type ErrorCode, fail, StateError, toStateError } from '@state-server/protocol';
import { DeadlineError } from '../deadline';

/** Fastify's own errors, by its code. */
const OF_FASTIFY: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body.too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'body.unsupported_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'body.malformed',
  FST_ERR_CTP_EMPTY_TYPE: 'body.unsupported_type',
  FST_ERR_BAD_URL: 'query.invalid',
  FST_ERR_MAX_PARAM_LENGTH: 'request.not_found',
  FST_ERR_NOT_FOUND: 'request.not_found',
  FST_ERR_HANDLER_TIMEOUT: 'request.deadline',
};

/** What says no more than a status, which is what Nest's own exceptions do. */
const OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'auth.required',
  403: 'permission.denied',
  404: 'request.not_found',
  405: 'request.method_not_allowed',
  406: 'request.not_acceptable',
  413: 'body.too_large',
  415: 'body.unsupported_type',
  429: 'rate.limited',
};

/** Whatever was thrown on the way of a request, as a row of the error table. What nobody expected is `internal`. */
export function toHttpError(error: unknown): StateError {
  if (error instanceof StateError) return error;
  const options = { cause: error };
  if (error instanceof DecodeError) {
    const message = `The body is not well-formed: ${error.message}.`;
    return fail('body.malformed', { reason: error.reason }, message, options);
  }
  if (error instanceof StoreError) return fail(ofStore(error), undefined, undefined, options);
  if (error instanceof DeadlineError) return fail('dependency.unavailable', undefined, undefined, options);
  const code = OF_FASTIFY[String(property(error, 'code'))] ?? ofStatus(error);
  return code === undefined ? toStateError(error) : fail(code, undefined, undefined, options);
}

/** For those who have no other word for it (SYNC L2, F3). */
function ofStore(error: StoreError): ErrorCode {
  switch (error.code) {
    case 'conflict':
      return 'commit.conflict';
    case 'outcome_unknown':
      return 'commit.outcome_unknown';
    case 'deadline':
    case 'unavailable':
    case 'format':
      return 'dependency.unavailable';
    case 'too_large':
      return 'body.too_large';
    case 'read_only':
      return 'store.read_only';
    case 'corrupt':
      return 'internal';
    default:
      return error.code satisfies never;
  }
}

function ofStatus(error: unknown): ErrorCode | undefined {
  const status = error instanceof HttpException ? error.getStatus() : property(error, 'statusCode');
  if (typeof status !== 'number') return undefined;
  return OF_STATUS[status] ?? (status >= 400 && status < 500 ? 'body.malformed' : undefined);
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
