import type { OpContext, Resolved, WorkingCopy } from '@state-server/domain';
import type { HeadDoc, LogDoc, LogKind, OpResultDoc, TransferRecord } from '@state-server/persistence-port';
import { askForCheckpoint } from '../checkpoint/due';
import type { BraneMessage, Committed } from '../committer';
import { encodeEntry } from '../frame';
import type { Ground } from '../lane';
import { planSpace } from '../space-index';
import { withoutTurn } from '../turn';
import { listRekeying, writeObjects } from '../write-changes';
import type { TransferPlan } from './transfer-plan';

/** Under what the entry stands in the log. */
export interface EntryFacts extends Pick<TransferPlan, 'request' | 'fingerprint' | 'target'> {
  readonly kind: LogKind;
}

/** What one of the two branes makes of a move between them. */
export interface Side {
  readonly ground: Ground;
  readonly copy: WorkingCopy;
  readonly resolved: Resolved;
  readonly context: OpContext;
}

export interface Entered {
  readonly head: HeadDoc;
  readonly committed: Committed;
  readonly message: BraneMessage;
}

/** Writes an entry of its own into the log of one side, its objects, and the record of the op id; not the head. */
export async function enterSide(
  { ground, copy, resolved, context }: Side,
  facts: EntryFacts,
  transfer?: TransferRecord,
): Promise<Entered> {
  const { tx, head } = ground;
  const { brane_id, epoch } = head;
  const { seq, at, actor } = context;
  const { ops, inverses } = resolved;
  const { kind, fingerprint, target } = facts;
  const { op_id, trace_id, operation_id } = facts.request;
  const place = { brane_id, epoch, seq, op_id, at };
  const frame = encodeEntry({ ...place, actor, ops });
  const log: LogDoc = {
    ...{ ...place, actor, kind, frame, inverses },
    ...(trace_id === undefined ? {} : { trace_id }),
    ...(operation_id === undefined ? {} : { operation_id }),
  };
  tx.put('log', log);
  let record: OpResultDoc = { ...place, user_id: actor, fingerprint, kind };
  if (transfer !== undefined) record = { ...record, transfer };
  tx.put('op_results', target === undefined ? record : { ...record, target_op_id: target });
  const next = await writeSide(ground, copy, resolved, context, frame.byteLength);
  return {
    head: withoutTurn(next),
    committed: { ...place, ops, replayed: false },
    message: { epoch, seq, frame },
  };
}

async function writeSide(
  ground: Ground,
  copy: WorkingCopy,
  { ops }: Resolved,
  { seq, at }: OpContext,
  frameBytes: number,
): Promise<HeadDoc> {
  const { put, removed } = copy.changes();
  const created = new Set(ops.flatMap((op) => (op.op === 'create' ? [op.object.id] : [])));
  const plan = await planSpace(ground, copy, { put, removed, created });
  writeObjects(ground, plan, created);
  const { head, tx } = ground;
  const next = { ...head, seq, at, objects: copy.size, log_bytes: (head.log_bytes ?? 0) + frameBytes };
  const listed = listRekeying(tx, next, plan.rekeying);
  askForCheckpoint(tx, head, listed);
  return listed;
}
