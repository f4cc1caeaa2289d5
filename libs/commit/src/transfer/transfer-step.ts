import {
  type Departure,
  LIMITS,
  type ObjectId,
  type OpContext,
  resolveMoveIn,
  resolveMoveOut,
  type Resolved,
  WorkingCopy,
} from '@state-server/domain';
import type { LogKind } from '@state-server/persistence-port';
import { fail, fromRefusal } from '@state-server/protocol';
import type { Ground, Step } from '../lane';
import { objectBytes } from '../sizes';
import type { TurnWatch } from '../turn';
import { enterSide } from './enter-side';
import { assertMayEdit, groundThere } from './ground-there';
import { answerOf, transferredBefore, type Transferred, type TransferPlan } from './transfer-plan';

/** Bytes that may be written for the objects that move, in the one transaction that both branes have. */
const MOVED_BYTES = 930_000;
/** Of each object, besides. */
const KEYS_BYTES = 100;

/**
 * A move from one brane into another (SYNC U3) in one transaction: an entry in the log of each, both heads, the records,
 * places and ids of both. Either all of it happens or nothing; both heads are written, and guard what was read of each.
 * `ground` is the brane that is left.
 */
export async function transferStep(
  ground: Ground,
  plan: TransferPlan,
  watch: TurnWatch,
): Promise<Step<Transferred>> {
  const { tx } = ground;
  const { request } = plan;
  const known = await transferredBefore(tx, plan);
  if (known) {
    tx.guard('heads', [plan.to]);
    return { value: known, finally: async () => request.also?.(tx, answerOf(plan, known)) };
  }
  const there = await groundThere(ground, plan.to, watch);
  await assertMayEdit(ground, request, fail('object.not_found', { id: plan.id }));
  await assertMayEdit(there, request, fail('brane.not_found', { id: plan.to }));
  const { at } = there;
  const actor = request.actor.user_id;
  const [outCopy, inCopy] = [new WorkingCopy(ground.replica), new WorkingCopy(there.replica)];
  const outContext: OpContext = { seq: ground.head.seq + 1, at, actor };
  const inContext: OpContext = { seq: there.head.seq + 1, at, actor };
  const departure = await leave(ground, outCopy, plan, outContext);
  const arrival = await arrive(there, inCopy, departure, plan, inContext);
  const now = inCopy.get(plan.id);
  const after = { parent_id: plan.place.parent_id, order: now?.order ?? '' };
  const transfer = { id: plan.id, from: plan.from, to: plan.to, before: departure.from, after };
  // The brane that is left comes first: the registry of ids is to say in the end where they are now (SYNC I6).
  const outSide = { ground, copy: outCopy, resolved: departure.resolved, context: outContext };
  const facts = (kind: 'move_out' | 'move_in') => ({ ...plan, kind: kindOf(plan, kind) });
  const out = await enterSide(outSide, facts('move_out'), transfer);
  const inSide = { ground: there, copy: inCopy, resolved: arrival, context: inContext };
  const into = await enterSide(inSide, facts('move_in'), transfer);
  for (const marked of plan.marked ?? []) tx.put('op_results', marked);
  tx.put('heads', into.head);
  const value: Transferred = {
    out: out.committed,
    into: into.committed,
    messages: [
      { braneId: plan.from, message: out.message },
      { braneId: plan.to, message: into.message },
    ],
  };
  return { value, head: out.head, finally: async () => request.also?.(tx, answerOf(plan, value)) };
}

/** A step of an operation is no edit that can be undone alone. */
function kindOf({ kind, request }: TransferPlan, move: 'move_out' | 'move_in'): LogKind {
  if (request.operation_id !== undefined) return 'system';
  return kind === 'move' ? move : kind;
}

async function leave(
  ground: Ground,
  copy: WorkingCopy,
  plan: TransferPlan,
  context: OpContext,
): Promise<Departure> {
  const { id, to, if_version, stillBelow } = plan;
  await loadLeaving(ground, copy, id);
  const before = copy.savepoint();
  const result = await ground.load.run(
    () => resolveMoveOut(copy, { id, to, if_version, parent_id: stillBelow }, context),
    () => copy.rollback(before),
  );
  if (!result.ok) throw fromRefusal(result.refusal);
  assertFits(id, result.value);
  return result.value;
}

/** In few reads, all that the rules will look at of a subtree that leaves its brane. */
export async function loadLeaving({ load }: Ground, copy: WorkingCopy, id: ObjectId): Promise<void> {
  await load.objects([id]);
  await load.subtree(copy, id, LIMITS.moved_objects_between_branes + 1, 'depth');
}

/** Throws `object.too_many_to_move` for what one transaction cannot write. */
export function assertFits(id: ObjectId, { moved }: Departure): void {
  // Each is written as a record and once more in the log, and the old one with its index entries is taken away.
  const bytes = moved.reduce((sum, object) => sum + 2 * objectBytes(object) + KEYS_BYTES, 0);
  if (bytes > MOVED_BYTES) throw fail('object.too_many_to_move', { id, bytes, max: MOVED_BYTES });
}

async function arrive(
  { load, replica }: Ground,
  copy: WorkingCopy,
  { moved }: Departure,
  { place }: TransferPlan,
  context: OpContext,
): Promise<Resolved> {
  // The registry says that they are elsewhere: no read is needed to know that this brane has none of them.
  for (const { id } of moved) replica.learnAbsent(id);
  await load.objects([place.parent_id]);
  const before = copy.savepoint();
  const result = await load.run(
    () => resolveMoveIn(copy, moved, place, context),
    () => copy.rollback(before),
  );
  if (!result.ok) throw fromRefusal(result.refusal);
  return result.value;
}
