import {
  asObjectId,
  type Environment,
  type ObjectId,
  type TimerHandle,
  valueBytes,
} from '@state-server/domain';
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
  const work = new PendingWork(environment, request, demand);
  work.timer = environment.timers.set(request.deadlineMs ?? REQUEST_DEADLINE_MS, () => onDeadline(work));
  return { work, answer: work.answer };
}

/** A class, and not a handful of closures: there is one for every edit. */
class PendingWork implements Work {
  readonly fingerprint: string;
  readonly bytes: number;
  readonly deadlineAt: number;
  readonly answer: Promise<Committed>;
  settled = false;
  timer: TimerHandle | undefined;
  private resolve: (committed: Committed) => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;
  private ids: ObjectId[] | undefined;

  constructor(
    private readonly environment: Environment,
    readonly request: MutationRequest,
    readonly demand: Demand,
  ) {
    this.fingerprint = fingerprint(payloadOf(demand));
    this.bytes = bytesOf(demand);
    this.deadlineAt = environment.clock.monotonic() + (request.deadlineMs ?? REQUEST_DEADLINE_MS);
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  newId(index: number): ObjectId {
    const ids = (this.ids ??= []);
    while (ids.length <= index) ids.push(asObjectId(this.environment.ids.uuid()));
    return ids[index] ?? asObjectId(this.environment.ids.uuid());
  }

  succeed(committed: Committed): void {
    if (this.settle()) this.resolve(committed);
  }

  fail(error: unknown): void {
    if (this.settle()) this.reject(error);
  }

  private settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    if (this.timer !== undefined) this.environment.timers.clear(this.timer);
    return true;
  }
}

function bytesOf(demand: Demand): number {
  if (demand.kind === 'restore') return demand.bytes;
  return demand.kind === 'edit' ? valueBytes(demand.ops) : 0;
}

/** What makes two requests the same (SYNC I1). */
function payloadOf(demand: Demand): unknown {
  switch (demand.kind) {
    case 'edit':
      return { kind: demand.kind, ops: demand.ops };
    case 'restore':
      return { kind: demand.kind, asked: demand.asked };
    case 'undo':
    case 'redo':
      return { kind: demand.kind, target: demand.target };
    case 'administer':
      return { kind: demand.kind, ops: demand.ops, if_version: demand.ifVersion };
    case 'reap':
      return { kind: demand.kind, before: demand.before, limit: demand.limit };
    case 'expire':
      return { kind: demand.kind, ids: demand.ids, before: demand.before };
    default:
      return demand satisfies never;
  }
}
