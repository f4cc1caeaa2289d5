import type { BraneId, ObjectId } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { Committed, MutationRequest } from '../committer';
import type { Core } from '../core';
import { toCommitError, withReadErrors } from '../errors';
import { fingerprint } from '../fingerprint';
import type { Lane } from '../lane';
import { REQUEST_DEADLINE_MS } from '../request';
import { TurnWatch } from '../turn';
import { answerOf, transferredBefore, type Transferred, type TransferPlan } from './transfer-plan';
import { transferStep } from './transfer-step';

export interface TransferRequest extends MutationRequest {
  /** `brane_id` is where it is to go; where it comes from, the registry of ids knows. */
  readonly id: ObjectId;
  readonly parent_id: ObjectId;
  readonly order?: string;
  readonly if_version?: number;
}

/** Runs while no other transaction of this process is on its way in either brane; the lane is that of the first. */
export type HoldBoth = <T>(from: BraneId, to: BraneId, run: (lane: Lane) => Promise<T>) => Promise<T>;

/**
 * Moves an object with all that it holds into another brane (SYNC U3). The answer is about that brane. Throws StateErrors.
 */
export async function transfer(core: Core, hold: HoldBoth, request: TransferRequest): Promise<Committed> {
  const { id, parent_id, order, if_version, brane_id: to } = request;
  const print = fingerprint({ kind: 'move_between', id, to, parent_id, order });
  const asked = { request, fingerprint: print, to };
  const known = await replayed(core, asked);
  if (known) return known.into;
  const registered = await withReadErrors(
    core.store.read({ label: 'commit.transfer' }, (tx) => tx.get('object_ids', [id])),
  );
  if (!registered) throw fail('object.not_found', { id });
  const from = registered.brane_id;
  if (from === to) throw fail('op.invalid', { id, brane_id: to }, 'The object is in that brane already.');
  const place = { parent_id, order };
  const plan: TransferPlan = { ...asked, kind: 'move', id, from, told: to, place, if_version };
  return runTransfer(core, hold, plan, request.deadlineMs);
}

/** One transaction of both branes; what it did is told to both, once it is durable. */
export async function runTransfer(
  core: Core,
  hold: HoldBoth,
  plan: TransferPlan,
  deadlineMs = REQUEST_DEADLINE_MS,
): Promise<Committed> {
  const deadlineAt = core.environment.clock.monotonic() + deadlineMs;
  const watch = new TurnWatch(core.writerId, core.environment.clock);
  const done = await hold(plan.from, plan.to, async (lane) => {
    try {
      const task = { label: 'commit.transfer', deadlineAt, alsoWrites: [plan.to] };
      return await lane.run({ ...task, body: (ground) => transferStep(ground, plan, watch) });
    } catch (error) {
      throw toCommitError(error);
    }
  });
  core.replicas.settle(plan.from);
  // An answer that was found again may be that of an attempt of unknown outcome, of which nobody has heard (SYNC R5).
  for (const { braneId, message } of done.value.messages) core.publish(braneId, [message]);
  return answerOf(plan, done.value);
}

/** The answer that this op id got before; `also` runs with it in a transaction of its own. */
async function replayed(
  core: Core,
  plan: Pick<TransferPlan, 'request' | 'fingerprint' | 'to'>,
): Promise<Transferred | undefined> {
  try {
    return await core.store.transact({ label: 'commit.transfer' }, async (tx) => {
      const known = await transferredBefore(tx, plan);
      if (known) {
        tx.guard('heads', [plan.to]);
        await plan.request.also?.(tx, known.into);
      }
      return known;
    });
  } catch (error) {
    throw toCommitError(error);
  }
}
