import { asObjectId, type Environment, type ObjectId, valueBytes } from '@state-server/domain';
import type { Committed, MutationRequest } from './committer';
import { fingerprint } from './fingerprint';
import type { Demand, Work } from './work';

/** Milliseconds until a request is answered, one way or the other. */
export const REQUEST_DEADLINE_MS = 5_000;

/** A request as the queue holds it, and the promise of its answer. */
export interface Pending {
  readonly work: Work;
  readonly answer: Promise<Committed>;
}

export function createWork(
  environment: Environment,
  request: MutationRequest,
  demand: Demand,
  onDeadline: (work: Work) => void,
): Pending {
  const ids: ObjectId[] = [];
  let settled = false;
  let resolve: (committed: Committed) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const answer = new Promise<Committed>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  const settle = (): boolean => {
    if (settled) return false;
    settled = true;
    environment.timers.clear(timer);
    return true;
  };
  const deadlineMs = request.deadlineMs ?? REQUEST_DEADLINE_MS;
  const work: Work = {
    demand,
    request,
    fingerprint: fingerprint(payloadOf(demand)),
    bytes: demand.kind === 'edit' ? valueBytes(demand.ops) : 0,
    deadlineAt: environment.clock.monotonic() + deadlineMs,
    newId(index) {
      for (let next = ids.length; next <= index; next += 1) ids.push(asObjectId(environment.ids.uuid()));
      return ids[index] ?? asObjectId(environment.ids.uuid());
    },
    get settled() {
      return settled;
    },
    succeed: (committed) => {
      if (settle()) resolve(committed);
    },
    fail: (error) => {
      if (settle()) reject(error);
    },
  };
  const timer = environment.timers.set(deadlineMs, () => onDeadline(work));
  return { work, answer };
}

/** What makes two requests the same (SYNC I1). */
function payloadOf(demand: Demand): unknown {
  switch (demand.kind) {
    case 'edit':
      return { kind: demand.kind, ops: demand.ops };
    case 'undo':
    case 'redo':
      return { kind: demand.kind, target: demand.target };
    case 'administer':
      return { kind: demand.kind, ops: demand.ops, if_version: demand.ifVersion };
    case 'reap':
      return { kind: demand.kind, before: demand.before, limit: demand.limit };
    default:
      return demand satisfies never;
  }
}
