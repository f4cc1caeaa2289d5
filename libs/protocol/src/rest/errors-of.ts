import type { ErrorCode } from '../errors/error-table';
import type { Route } from './route';

/** Every code that a route may answer: its own, and those that come with its parts. */
export function errorsOf(route: Route): ErrorCode[] {
  const codes: ErrorCode[] = [...route.errors];
  if (route.auth === 'bearer')
    codes.push('auth.required', 'auth.invalid_token', 'auth.expired', 'clock.skew', 'auth.revoked');
  // Of a key or token that was issued for other things, or of somebody without an account.
  if (route.auth === 'bearer') codes.push('permission.scope_missing', 'permission.denied');
  if (route.request !== undefined) codes.push('body.invalid');
  // A body is looked at wherever the method may have one, though the route asks for none.
  if (route.request !== undefined || route.method !== 'GET') {
    codes.push('body.malformed', 'body.too_large', 'body.unsupported_type');
  }
  if (route.method !== 'GET' && route.area !== 'health') codes.push('store.read_only');
  if (route.params !== undefined || route.query !== undefined) codes.push('query.invalid');
  if (route.idempotency === 'required') codes.push('idempotency.key_required');
  if (route.idempotency !== 'none') codes.push('idempotency.key_invalid', 'idempotency.key_reused');
  if (route.etag === 'honoured') codes.push('precondition.failed');
  if (route.area !== 'health') {
    codes.push(
      'request.not_acceptable',
      'rate.limited',
      'request.deadline',
      'dependency.unavailable',
      'internal',
    );
  }
  return [...new Set(codes)].sort();
}
