import {
  asBraneId,
  asEpoch,
  asObjectId,
  type BraneId,
  type Departure,
  type Epoch,
  type ObjectId,
  type OpContext,
  promotedMeta,
  promotedOps,
  resolveEdit,
  resolveMoveOut,
  type Resolved,
  WorkingCopy,
} from '@state-server/domain';
import { fail, fromRefusal } from '@state-server/protocol';
import type { Transaction } from '@state-server/persistence-port';
import { withCurrentCompany } from '../company';
import type { BraneMessage, Committed, MutationRequest } from '../committer';
import type { Core } from '../core';
import { toCommitError } from '../errors';
import { derivedUuid, fingerprint } from '../fingerprint';
import { encodeEntry } from '../frame';
import type { Ground, Lane, Step } from '../lane';
import { REQUEST_DEADLINE_MS } from '../request';
import { expectedSpace } from '../space-index';
import { writeBrane, writePlacement } from '../write-changes';
import { enterSide } from './enter-side';
import { assertMayEdit } from './ground-there';
import { assertFits, loadLeaving } from './transfer-step';

export interface PromoteRequest extends MutationRequest {
  /** The group; `brane_id` is the brane that it stands in. */
  readonly id: ObjectId;
}

interface Plan {
  readonly request: PromoteRequest;
  readonly fingerprint: string;
  readonly id: BraneId;
  readonly linkId: ObjectId;
  /** Of the new brane's log; the same in every attempt. */
  readonly epoch: Epoch;
}

interface Promoted {
  /** Of the new brane. */
  readonly committed: Committed;
  readonly messages: readonly { readonly braneId: BraneId; readonly message: BraneMessage }[];
}

/**
 * Makes a group a brane with a log of its own, in one transaction: its id is the brane's, what it holds goes along, and a
 * link takes its place. Whoever asks is an owner; all members of the old brane have their roles in the new one, too.
 */
export async function promote(
  core: Core,
  hold: <T>(braneId: BraneId, run: (lane: Lane) => Promise<T>) => Promise<T>,
  request: PromoteRequest,
): Promise<Committed> {
  const { id, op_id, actor, brane_id } = request;
  const plan: Plan = {
    request,
    fingerprint: fingerprint({ kind: 'promote', id }),
    id: asBraneId(id),
    linkId: asObjectId(derivedUuid(['link', actor.user_id, op_id])),
    epoch: asEpoch(core.environment.ids.uuid()),
  };
  const deadlineAt = core.environment.clock.monotonic() + (request.deadlineMs ?? REQUEST_DEADLINE_MS);
  const done = await hold(brane_id, async (lane) => {
    try {
      const body = (ground: Ground): Promise<Step<Promoted>> => promoteStep(ground, plan);
      return await lane.run({ label: 'commit.promote', deadlineAt, body });
    } catch (error) {
      throw toCommitError(error);
    }
  });
  core.replicas.settle(brane_id);
  for (const { braneId, message } of done.value.messages) core.publish(braneId, [message]);
  return done.value.committed;
}

async function promoteStep(ground: Ground, plan: Plan): Promise<Step<Promoted>> {
  const { tx, head, at } = ground;
  const { request, id } = plan;
  const known = await promotedBefore(tx, plan);
  if (known) {
    tx.guard('heads', [id]);
    return { value: { committed: known, messages: [] }, finally: async () => request.also?.(tx, known) };
  }
  await assertMayEdit(ground, request, fail('object.not_found', { id }));
  if (head.brane_id === id) throw fail('object.is_root', { id });
  // Its own head protects this read: nobody can make it meanwhile without a conflict (SYNC P1).
  if (await tx.get('heads', [id])) throw fail('id.taken', { id });
  if (await tx.get('object_ids', [plan.linkId])) throw fail('id.taken', { id: plan.linkId });
  ground.replica.learnAbsent(plan.linkId);
  const copy = new WorkingCopy(ground.replica);
  const context: OpContext = { seq: head.seq + 1, at, actor: request.actor.user_id };
  const { departure, resolved } = await leaveLink(ground, copy, plan, context);
  const entry = { request, fingerprint: plan.fingerprint, kind: 'system' } as const;
  const out = await enterSide({ ground, copy, resolved, context }, entry);
  const made = await makeBrane(ground, plan, departure);
  const value: Promoted = {
    committed: made.committed,
    messages: [
      { braneId: head.brane_id, message: out.message },
      { braneId: id, message: made.message },
    ],
  };
  return { value, head: out.head, finally: async () => request.also?.(tx, made.committed) };
}

async function promotedBefore(tx: Transaction, plan: Plan): Promise<Committed | undefined> {
  const { op_id, actor } = plan.request;
  const record = await tx.get('op_results', [plan.id, actor.user_id, op_id]);
  if (!record) return undefined;
  if (record.fingerprint !== plan.fingerprint) throw fail('op_id.reused', { op_id });
  const { epoch, seq, at } = record;
  return { brane_id: plan.id, op_id, epoch, seq, at, ops: [], replayed: true };
}

/** The group goes, with what it holds, and a link to where it is now takes its place, name and transform. */
async function leaveLink(
  ground: Ground,
  copy: WorkingCopy,
  plan: Plan,
  context: OpContext,
): Promise<{ readonly departure: Departure; readonly resolved: Resolved }> {
  const { load } = ground;
  await loadLeaving(ground, copy, plan.id);
  const before = copy.savepoint();
  const both = await load.run(
    () => {
      const leaving = resolveMoveOut(copy, { id: plan.id, to: plan.id }, context);
      if (!leaving.ok) throw fromRefusal(leaving.refusal);
      const [group] = leaving.value.moved;
      if (group?.kind !== 'group' || group.link !== undefined) {
        throw fail('object.not_a_group', { id: plan.id });
      }
      const { name, transform } = group;
      const place = { id: plan.linkId, ...leaving.value.from };
      const object = { kind: 'group', ...place, name, transform, link: plan.id } as const;
      const link = resolveEdit(copy, [{ op: 'create', object }], context, { newId: () => plan.linkId });
      if (!link.ok) throw fromRefusal(link.refusal);
      return { departure: leaving.value, link: link.value };
    },
    () => copy.rollback(before),
  );
  const { departure, link } = both;
  assertFits(plan.id, departure);
  const ops = [...departure.resolved.ops, ...link.ops];
  return { departure, resolved: { ops, inverses: [], skipped: [] } };
}

async function makeBrane(
  ground: Ground,
  plan: Plan,
  { moved }: Departure,
): Promise<{ readonly committed: Committed; readonly message: BraneMessage }> {
  const { tx, at, replica } = ground;
  const { id, epoch, request } = plan;
  const actor = request.actor.user_id;
  const context: OpContext = { seq: 1, at, actor };
  const meta = promotedMeta(await withCurrentCompany(tx, replica.meta), id, moved[0]?.name ?? '', context);
  const ops = promotedOps(meta, moved, context);
  const objects = ops.flatMap((op) => (op.op === 'create' ? [op.object] : []));
  const place = { brane_id: id, epoch, seq: 1, op_id: request.op_id, at };
  const frame = encodeEntry({ ...place, actor, ops });
  tx.put('heads', {
    brane_id: id,
    epoch,
    seq: 1,
    at,
    status: 'live',
    objects: objects.length,
    log_floor: 1,
    dedupe_floor: 1,
    log_bytes: frame.byteLength,
  });
  await writeBrane(tx, undefined, meta, 1);
  const cells = expectedSpace(objects);
  for (const object of objects) {
    const to = cells.get(object.id);
    if (to) writePlacement(tx, { object, from: undefined, to });
    tx.put('object_ids', { id: object.id, brane_id: id, version: object.version });
  }
  tx.put('log', { ...place, actor, kind: 'system', frame, inverses: [] });
  tx.put('op_results', { ...place, user_id: actor, fingerprint: plan.fingerprint, kind: 'system' });
  return { committed: { ...place, ops, replayed: false }, message: { epoch, seq: 1, frame } };
}
