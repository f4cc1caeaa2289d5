import {
  asBraneId,
  asEpoch,
  type BraneCompany,
  type BraneId,
  type BraneMeta,
  changeBrane,
  companyCan,
  type CompanyId,
  type Epoch,
  newMeta,
  newRoot,
  type Op,
} from '@state-server/domain';
import { assertCan, fail, fromRefusal } from '@state-server/protocol';
import type { HeadDoc, OpResultDoc, Transaction } from '@state-server/persistence-port';
import type { Actor, BraneMessage, Committed, NewBrane } from './committer';
import { readCompanyIn } from './company';
import type { Core } from './core';
import { toCommitError } from './errors';
import { derivedUuid, fingerprint } from './fingerprint';
import { encodeEntry } from './frame';
import { readMetaIn } from './read';
import { REQUEST_DEADLINE_MS } from './request';
import { expectedSpace } from './space-index';
import { writeBrane, writePlacement } from './write-changes';

interface Created {
  readonly meta: BraneMeta;
  readonly committed: Committed;
  /** Undefined when the brane was there already. */
  readonly message: BraneMessage | undefined;
}

/** Everything that must be the same in every attempt. */
interface Plan {
  readonly actor: Actor;
  readonly brane: NewBrane;
  readonly id: BraneId;
  readonly epoch: Epoch;
  readonly at: string;
  readonly fingerprint: string;
}

/**
 * A new brane with its root, its owner and the first entry of its log, in one transaction. Without a chosen id the id
 * follows from the user and the op id, so that a retry finds what its first try has made (SYNC I1).
 */
export async function createBrane(
  core: Core,
  actor: Actor,
  brane: NewBrane,
): Promise<{ readonly meta: BraneMeta; readonly committed: Committed }> {
  assertFit(brane);
  const { clock, ids } = core.environment;
  const plan: Plan = {
    actor,
    brane,
    id: brane.id ?? asBraneId(derivedUuid(['brane', actor.user_id, brane.op_id])),
    epoch: asEpoch(ids.uuid()),
    at: new Date(clock.now()).toISOString(),
    fingerprint: fingerprint({
      kind: 'create_brane',
      id: brane.id,
      name: brane.name,
      visibility: brane.visibility,
      ...(brane.settings && { settings: brane.settings }),
      ...(brane.company_id && { company_id: brane.company_id }),
    }),
  };
  const options = { label: 'commit.create_brane', deadlineMs: REQUEST_DEADLINE_MS };
  try {
    const created = await core.store.transact(options, (tx) => create(tx, plan));
    if (created.message) core.publish(plan.id, [created.message]);
    return { meta: created.meta, committed: created.committed };
  } catch (error) {
    throw toCommitError(error);
  }
}

/** Throws `field.invalid`, `field.too_large`. */
function assertFit({ name, settings }: NewBrane): void {
  const change = { op: 'set_brane', name, ...(settings && { settings }) } as const;
  const result = changeBrane({}, change, '');
  if (!result.ok) throw fromRefusal(result.refusal);
}

async function create(tx: Transaction, plan: Plan): Promise<Created> {
  const record = await tx.get('op_results', [plan.id, plan.actor.user_id, plan.brane.op_id]);
  const created = record ? await replayed(tx, plan, record) : await write(tx, plan);
  await plan.brane.also?.(tx, created.committed);
  return created;
}

async function replayed(tx: Transaction, plan: Plan, record: OpResultDoc): Promise<Created> {
  const found = await readMetaIn(tx, plan.id);
  if (!found || found.meta.status === 'purging') throw fail('brane.deleted', { brane_id: plan.id });
  assertCan(plan.actor, 'brane.view', found.meta, { details: { brane_id: plan.id } });
  if (record.fingerprint !== plan.fingerprint) throw fail('op_id.reused', { op_id: record.op_id });
  const { epoch, seq, at, op_id } = record;
  const committed = { brane_id: plan.id, op_id, epoch, seq, at, ops: [], replayed: true };
  return { meta: found.meta, committed, message: undefined };
}

async function write(tx: Transaction, plan: Plan): Promise<Created> {
  const { id, epoch, at, actor, brane } = plan;
  // Its own record protects this read: of two that find the id free, one loses (SYNC I6, P1).
  if (await tx.get('object_ids', [id])) throw fail('id.taken', { id });
  const { name, visibility, settings, forked_from } = brane;
  const company = brane.company_id && (await companyFor(tx, brane.company_id, actor));
  const owner = actor.user_id;
  const fresh = newMeta({
    ...{ id, name, visibility, owner, at },
    ...(settings && { settings }),
    ...(company && { company }),
  });
  const meta = forked_from ? { ...fresh, forked_from } : fresh;
  const context = { seq: 1, at, actor: actor.user_id };
  const root = newRoot(meta, context);
  const ops: readonly Op[] = [
    { op: 'create', object: root },
    {
      op: 'set_brane',
      name,
      visibility,
      ...(settings && { settings }),
      ...(forked_from && { forked_from }),
      ...(company && { company }),
    },
    // Whoever replays a log begins with its first author as the owner; a company's brane has no owner but the company.
    { op: 'set_member', user_id: owner, role: company ? null : 'owner' },
  ];
  const place = { brane_id: id, epoch, seq: 1, op_id: brane.op_id, at };
  const frame = encodeEntry({ ...place, actor: actor.user_id, ops });
  tx.put('heads', newHead(plan));
  await writeBrane(tx, undefined, meta, 1);
  for (const [, to] of expectedSpace([root])) writePlacement(tx, { object: root, from: undefined, to });
  tx.put('object_ids', { id, brane_id: id, version: root.version });
  tx.put('log', { ...place, actor: actor.user_id, kind: 'system', frame, inverses: [] });
  tx.put('op_results', {
    ...place,
    user_id: actor.user_id,
    fingerprint: plan.fingerprint,
    kind: 'system',
  });
  return { meta, committed: { ...place, ops, replayed: false }, message: { epoch, seq: 1, frame } };
}

/** A company whose people are put into the brane as they are when it commits. Throws `company.not_found`, `permission.denied`. */
async function companyFor(tx: Transaction, id: CompanyId, actor: Actor): Promise<BraneCompany> {
  const view = await readCompanyIn(tx, id);
  const role = actor.kind === 'user' ? view?.roleOf(actor.user_id) : 'owner';
  if (!view || role === undefined) throw fail('company.not_found', { id });
  if (!companyCan(role, 'company.own_branes')) throw fail('permission.denied', { company_id: id, role });
  tx.guard('companies', [id]);
  return view.inBranes;
}

function newHead({ id, epoch, at }: Plan): HeadDoc {
  return {
    brane_id: id,
    epoch,
    seq: 1,
    at,
    status: 'live',
    objects: 1,
    log_floor: 1,
    dedupe_floor: 1,
  };
}
