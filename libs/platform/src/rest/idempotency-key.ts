import { HEADERS, type Route, fail, parseIdempotencyKey } from '@state-server/protocol';
import type { RestRequest } from './read-request';
import { headerOf } from './read-request';

/**
 * The Idempotency-Key of a request, as far as its route cares (SYNC I5). Throws `idempotency.key_required` when the route
 * needs one, `idempotency.key_invalid` when it is none.
 */
export function idempotencyKeyOf(
  route: Pick<Route, 'idempotency'>,
  request: RestRequest,
): string | undefined {
  if (route.idempotency === 'none') return undefined;
  const header = headerOf(request, HEADERS.idempotencyKey);
  if (header === undefined) {
    if (route.idempotency === 'required') throw fail('idempotency.key_required');
    return undefined;
  }
  const key = parseIdempotencyKey(header);
  if (key === undefined) throw fail('idempotency.key_invalid');
  return key;
}
