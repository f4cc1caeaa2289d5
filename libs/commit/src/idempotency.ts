import type { UserId } from '@state-server/domain';
import { type ErrorCode, fail, isErrorCode, type StateError } from '@state-server/protocol';
import type { HeadDoc, OpResultDoc, Transaction } from '@state-server/persistence-port';
import type { Committed } from './committer';
import { decodeEntryOps } from './frame';
import type { Work } from './work';

/** The records of op ids that a transaction has to know (SYNC I1): read once, and added to as it goes on. */
export class OpRecords {
  private readonly known = new Map<string, OpResultDoc>();

  static async read(tx: Transaction, works: readonly Work[]): Promise<OpRecords> {
    const records = new OpRecords();
    const docs = await tx.getMany(
      'op_results',
      works.map(({ request }) => [request.brane_id, request.actor.user_id, request.op_id]),
    );
    for (const doc of docs) if (doc) records.add(doc);
    return records;
  }

  add(doc: OpResultDoc): void {
    this.known.set(recordKey(doc.user_id, doc.op_id), doc);
  }

  of(work: Work): OpResultDoc | undefined {
    return this.known.get(recordKey(work.request.actor.user_id, work.request.op_id));
  }
}

function recordKey(userId: UserId, opId: string): string {
  return `${userId}/${opId}`;
}

/**
 * The recorded answer to an op id that was seen before (SYNC I1): what was committed, or the refusal that the client was
 * told (SYNC I2, thrown). Throws `op_id.reused` when it stood for something else.
 */
export async function replay(
  tx: Transaction,
  head: HeadDoc,
  work: Work,
  record: OpResultDoc,
): Promise<Committed> {
  if (record.fingerprint !== work.fingerprint) throw fail('op_id.reused', { op_id: record.op_id });
  if (record.refused) throw recordedRefusal(record.refused);
  const entry = record.seq < head.log_floor ? undefined : await tx.get('log', [record.brane_id, record.seq]);
  const ops = entry?.op_id === record.op_id ? decodeEntryOps(entry.frame) : [];
  return {
    brane_id: record.brane_id,
    op_id: record.op_id,
    epoch: record.epoch,
    seq: record.seq,
    at: record.at,
    ops,
    ...(record.skipped === undefined ? {} : { skipped: record.skipped }),
    replayed: true,
  };
}

/**
 * A re-sent edit without a record is new only if its record cannot have been forgotten (SYNC I4). Without `first_sent`
 * that is sure as long as nothing was ever forgotten. What was never sent before is new at any age.
 */
export function assertNotTooOld(work: Work, head: HeadDoc): void {
  const { first_sent: firstSent, again, op_id } = work.request;
  if (!again) return;
  const sure = firstSent
    ? firstSent.epoch === head.epoch && firstSent.seq >= head.dedupe_floor
    : head.dedupe_floor <= 1;
  if (!sure) throw fail('edit.too_old', { op_id, dedupe_floor: head.dedupe_floor });
}

/** The record of a refusal that the client is told for a re-sent edit: nobody may commit it later (SYNC I2). */
export function refusalRecord(
  work: Work,
  error: StateError,
  place: { readonly head: HeadDoc; readonly seq: number; readonly at: string },
): OpResultDoc {
  const { request, demand } = work;
  return {
    brane_id: request.brane_id,
    user_id: request.actor.user_id,
    op_id: request.op_id,
    fingerprint: work.fingerprint,
    at: place.at,
    seq: place.seq,
    epoch: place.head.epoch,
    kind: demand.kind === 'undo' || demand.kind === 'redo' || demand.kind === 'edit' ? demand.kind : 'system',
    refused: {
      code: error.code,
      message: error.message,
      ...(error.details === undefined ? {} : { details: error.details }),
    },
  };
}

function recordedRefusal(refused: NonNullable<OpResultDoc['refused']>): StateError {
  // A record of a newer version may name a code that this one does not have.
  const code: ErrorCode = isErrorCode(refused.code) ? refused.code : 'op.invalid';
  return fail(code, refused.details, refused.message);
}
