import type { Refusal } from '@state-server/domain';
import { type ErrorCode, type ErrorDetails, type FailOptions, StateError } from '@state-server/protocol';

/** What the SDK finds out by itself, as in the server's error table; of all else the server says the words. */
export const OWN_ERRORS = {
  'auth.required': [401, false, 'Sign in first: send an access token.'],
  'brane.not_found': [404, false, 'There is no such brane, or you may not see it.'],
  'brane.not_joined': [409, false, 'Join the brane first.'],
  'upstream.unavailable': [502, true, 'The service behind this route does not answer.'],
} as const satisfies Partial<
  Record<ErrorCode, readonly [status: number, retryable: boolean, summary: string]>
>;

/** Close codes after which there is no coming back. */
export const FINAL_CLOSE_CODES: Readonly<Record<number, ErrorCode>> = {
  3500: 'auth.required',
  3501: 'auth.invalid_token',
  3502: 'auth.revoked',
  3503: 'auth.ticket_invalid',
  3504: 'auth.origin_refused',
  3505: 'session.hello_required',
  3506: 'session.protocol_unsupported',
  3507: 'frame.too_many_spoiled',
};

export function sdkError(
  code: keyof typeof OWN_ERRORS,
  details?: ErrorDetails,
  message?: string,
  options?: FailOptions,
): StateError {
  const [status, retryable, summary] = OWN_ERRORS[code];
  return new StateError(code, message ?? summary, { status, retryable }, details, options);
}

/** What the rules, which are the server's too, refuse here already. */
export function refusedHere({ code, message, details }: Refusal): StateError {
  return new StateError(code, message, { status: 422, retryable: false }, details);
}
