import { asOpId, asUserId, type BraneId } from '@state-server/domain';
import { fail, StateError } from '@state-server/protocol';
import { BraneQueue, outOfTime } from './brane-queue';
import type { Committed, Committer, MutationRequest, UndoRequest } from './committer';
import { type Core, createCore } from './core';
import { createBrane } from './create-brane';
import type { CommitterDeps } from './deps';
import { forgetStep } from './forget';
import type { Lane, Task } from './lane';
import { purgeStep } from './purge';
import { rekeyStep } from './rekey';
import { createWork, REQUEST_DEADLINE_MS } from './request';
import { trimStep } from './trim-log';
import { promote } from './transfer/promote';
import { takeBackTransfer } from './transfer/take-back-transfer';
import { type HoldBoth, transfer } from './transfer/transfer';
import { UndoesTransfer } from './undo';
import type { Demand, Work } from './work';

/** The user id under which the server's own entries stand in the log: no user has it. */
export const SYSTEM_USER = asUserId('00000000-0000-4000-8000-000000000000');

export function createCommitter(deps: CommitterDeps): Committer {
  const core = createCore(deps);
  const branes = new Branes(core);
  const upkeep = <T>(braneId: BraneId, label: string, body: Task<T>['body']): Promise<T> =>
    branes.exclusively(braneId, label, body);

  return {
    edit: (request) => branes.submit(request, { kind: 'edit', ops: request.ops }),
    undo: (request) => branes.takeBack(request, 'undo'),
    redo: (request) => branes.takeBack(request, 'redo'),
    transfer: (request) => branes.track(() => transfer(core, branes.holdBoth, request)),
    restore: ({ asked, targets, bytes, ...request }) =>
      branes.submit(request, { kind: 'restore', asked, targets, bytes }),
    promote: (request) => branes.track(() => promote(core, branes.hold, request)),
    administer: (request) =>
      branes.submit(request, { kind: 'administer', ops: request.ops, ifVersion: request.if_version }),
    createBrane: (actor, brane) => branes.track(() => createBrane(core, actor, brane)),
    reap: async (braneId, before, limit) => {
      const demand: Demand = { kind: 'reap', before, limit };
      return reaped(branes.submit(systemRequest(core, braneId), demand));
    },
    expire: async (braneId, ids, before) => {
      const demand: Demand = { kind: 'expire', ids, before };
      return expired(branes.submit(systemRequest(core, braneId), demand));
    },
    rekey: (braneId, limit) => upkeep(braneId, 'commit.rekey', (ground) => rekeyStep(ground, limit)),
    forget: (braneId, before, limit) =>
      upkeep(braneId, 'commit.forget', (ground) => forgetStep(ground, before, limit)),
    trim: (braneId, before, limit) =>
      upkeep(braneId, 'commit.trim', (ground) => trimStep(ground, before, limit)),
    purge: async (braneId, limit) => {
      const now = core.environment.clock.now();
      const step = await upkeep(braneId, 'commit.purge', (ground) => purgeStep(ground, now, limit));
      if (step !== 'due') return step === 'done';
      await startPurge(branes.submit(systemRequest(core, braneId), START_PURGE));
      return false;
    },
    drain: () => branes.drain(),
  };
}

function systemRequest(core: Core, braneId: BraneId): MutationRequest {
  return {
    brane_id: braneId,
    actor: { kind: 'system', user_id: SYSTEM_USER },
    op_id: asOpId(core.environment.ids.uuid()),
  };
}

const START_PURGE: Demand = {
  kind: 'administer',
  ops: [{ op: 'set_status', status: 'purging' }],
  ifVersion: undefined,
};

/** A brane that was restored in the meantime cannot be purged: the next step finds that out. */
async function startPurge(answer: Promise<Committed>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    if (!(error instanceof StateError) || error.code !== 'op.invalid') throw error;
  }
}

/** Nothing to reap, or nothing that could be reaped any more, is no error. */
async function reaped(answer: Promise<Committed>): Promise<number> {
  const ops = await opsOf(answer);
  return ops.reduce((count, op) => (op.op === 'reap' ? count + op.ids.length : count), 0);
}

/** An archived brane keeps what it has. */
async function expired(answer: Promise<Committed>): Promise<number> {
  const ops = await opsOf(answer, ['brane.archived', 'brane.frozen']);
  return ops.length;
}

async function opsOf(
  answer: Promise<Committed>,
  moreNothing: readonly string[] = [],
): Promise<Committed['ops']> {
  try {
    return (await answer).ops;
  } catch (error) {
    const nothing = ['edit.empty', 'brane.deleted', 'brane.not_found', ...moreNothing];
    if (error instanceof StateError && nothing.includes(error.code)) return [];
    throw error;
  }
}

/** The queues of the branes that have something to do. */
class Branes {
  private readonly queues = new Map<BraneId, BraneQueue>();
  private readonly inFlight = new Set<Promise<unknown>>();
  private draining = false;

  constructor(private readonly core: Core) {}

  /** Not tracked: the queue that it waits in is not idle before it is answered, and `drain` waits for that. */
  submit(request: MutationRequest, demand: Demand): Promise<Committed> {
    if (this.draining) return Promise.reject(fail('gateway.draining'));
    const { work, answer } = createWork(this.core.environment, request, demand, this.expire);
    this.queue(request.brane_id).push(work);
    return answer;
  }

  exclusively<T>(braneId: BraneId, label: string, body: Task<T>['body']): Promise<T> {
    const deadlineAt = this.core.environment.clock.monotonic() + REQUEST_DEADLINE_MS;
    return this.track(() => this.queue(braneId).exclusively({ label, deadlineAt, body }));
  }

  /** In its place among the other requests; a move between branes turns out to need a transaction of its own (SYNC U3). */
  async takeBack(request: UndoRequest, kind: 'undo' | 'redo'): Promise<Committed> {
    const target = request.target_op_id;
    try {
      return await this.submit(request, { kind, target });
    } catch (error) {
      if (!(error instanceof UndoesTransfer)) throw error;
      const reverse = () => takeBackTransfer(this.core, this.holdBoth, request, kind, error.target);
      const done = await this.track(reverse);
      return done ?? this.submit(request, { kind, target, pastTransfers: true });
    }
  }

  readonly hold = <T>(braneId: BraneId, run: (lane: Lane) => Promise<T>): Promise<T> =>
    this.queue(braneId).hold(run);

  /** Always in the order of the ids: two moves between the same branes never wait for each other. */
  readonly holdBoth: HoldBoth = (from, to, run) => {
    const [first, second] = from < to ? [from, to] : [to, from];
    return this.queue(first).hold((one) =>
      this.queue(second).hold((other) => run(first === from ? one : other)),
    );
  };

  /** Refuses when this process is going; else `drain` waits for it. */
  async track<T>(start: () => Promise<T>): Promise<T> {
    if (this.draining) throw fail('gateway.draining');
    const answer = start();
    this.inFlight.add(answer);
    try {
      return await answer;
    } finally {
      this.inFlight.delete(answer);
    }
  }

  private readonly expire = (late: Work): void => {
    this.queues.get(late.request.brane_id)?.withdraw(late);
    late.fail(outOfTime());
  };

  async drain(): Promise<void> {
    this.draining = true;
    await Promise.allSettled(this.inFlight);
    // A request may have been answered by its deadline while its transaction went on.
    await Promise.all([...this.queues.values()].map((queue) => queue.whenIdle()));
  }

  private queue(braneId: BraneId): BraneQueue {
    const known = this.queues.get(braneId);
    if (known) return known;
    const queue = new BraneQueue(this.core, braneId, () => this.queues.delete(braneId));
    this.queues.set(braneId, queue);
    return queue;
  }
}
