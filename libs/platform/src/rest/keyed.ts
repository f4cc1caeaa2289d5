import type { UserId } from '@state-server/domain';
import { ROUTES, type RouteId, StateError } from '@state-server/protocol';
import type { Answer } from './answer';
import { type IdempotencyDeps, type KeyedWork, runOnce } from './idempotency';
import { idempotencyKeyOf } from './idempotency-key';
import { underIfMatch } from './if-match';
import { type RestRequest, pathOf } from './read-request';

const ABOUT_STATE: ReadonlySet<number> = new Set([409, 412, 422, 423]);

/** A key that was used for something else tells its owner of his own key alone, whatever that request was about. */
const isAboutState = ({ status, code }: StateError): boolean =>
  ABOUT_STATE.has(status) && code !== 'idempotency.key_reused';

/**
 * Runs a mutating route under the Idempotency-Key of its request, if it has or needs one (SYNC I5). Whoever may not is told so
 * before anything of the state that he met: a conflict, another version, what the rules refuse (AUTHZ-2).
 */
export async function runKeyed(
  deps: IdempotencyDeps,
  id: RouteId,
  request: RestRequest,
  input: { readonly user_id: UserId; /** As its schema made it. */ readonly body: unknown },
  work: KeyedWork,
): Promise<Answer> {
  const key = idempotencyKeyOf(ROUTES[id], request);
  const keyed = { ...input, method: request.method, path: pathOf(request) };
  try {
    return await underIfMatch(request, () =>
      runOnce(deps, key === undefined ? keyed : { ...keyed, key }, work),
    );
  } catch (error) {
    if (error instanceof StateError && isAboutState(error)) await work.authorise();
    throw error;
  }
}
