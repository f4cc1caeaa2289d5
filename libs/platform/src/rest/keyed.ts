import type { UserId } from '@state-server/domain';
import { ROUTES, type RouteId } from '@state-server/protocol';
import type { Answer } from './answer';
import { type IdempotencyDeps, type KeyedWork, runOnce } from './idempotency';
import { idempotencyKeyOf } from './idempotency-key';
import { underIfMatch } from './if-match';
import { type RestRequest, pathOf } from './read-request';

/** Runs a mutating route under the Idempotency-Key of its request, if it has or needs one (SYNC I5). */
export async function runKeyed(
  deps: IdempotencyDeps,
  id: RouteId,
  request: RestRequest,
  input: { readonly user_id: UserId; /** As its schema made it. */ readonly body: unknown },
  work: KeyedWork,
): Promise<Answer> {
  const key = idempotencyKeyOf(ROUTES[id], request);
  const keyed = { ...input, method: request.method, path: pathOf(request) };
  return underIfMatch(request, () => runOnce(deps, key === undefined ? keyed : { ...keyed, key }, work));
}
