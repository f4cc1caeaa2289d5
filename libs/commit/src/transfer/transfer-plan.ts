import type { BraneId, ObjectId, OpId } from '@state-server/domain';
import type { OpResultDoc, ReadTransaction } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import type { BraneMessage, Committed, MutationRequest } from '../committer';
import { decodeEntryOps } from '../frame';

/** What is to go from one brane into another, and under which op id. */
export interface TransferPlan {
  readonly request: Omit<MutationRequest, 'brane_id' | 'deadlineMs'>;
  /** The move itself, or the way back (and there again), which is the reverse move. */
  readonly kind: 'move' | 'undo' | 'redo';
  readonly fingerprint: string;
  readonly id: ObjectId;
  readonly from: BraneId;
  readonly to: BraneId;
  readonly place: { readonly parent_id: ObjectId; readonly order?: string | undefined };
  /** The brane that the caller is told about. */
  readonly told: BraneId;
  readonly if_version?: number | undefined;
  /** For a way back: what it must still hang below (SYNC U1). */
  readonly stillBelow?: ObjectId | undefined;
  /** For a way back: the edit that this is about, and the records whose standing it changes (SYNC U2). */
  readonly target?: OpId | undefined;
  readonly marked?: readonly OpResultDoc[];
}

/** Durable in both branes. */
export interface Transferred {
  readonly out: Committed;
  readonly into: Committed;
  readonly messages: readonly { readonly braneId: BraneId; readonly message: BraneMessage }[];
}

/** What the caller is told. */
export function answerOf({ told }: Pick<TransferPlan, 'told'>, { out, into }: Transferred): Committed {
  return out.brane_id === told ? out : into;
}

/** What this op id has come to already, in both branes; undefined when it is new. Throws `op_id.reused`. */
export async function transferredBefore(
  tx: ReadTransaction,
  plan: Pick<TransferPlan, 'request' | 'fingerprint' | 'to'>,
): Promise<Transferred | undefined> {
  const { op_id, actor } = plan.request;
  const record = await tx.get('op_results', [plan.to, actor.user_id, op_id]);
  if (!record) return undefined;
  const { transfer } = record;
  const other = transfer && (await tx.get('op_results', [transfer.from, actor.user_id, op_id]));
  if (!other || record.fingerprint !== plan.fingerprint) throw fail('op_id.reused', { op_id });
  const [out, into] = [await entryOf(tx, other), await entryOf(tx, record)];
  return { out: out.committed, into: into.committed, messages: [...out.messages, ...into.messages] };
}

async function entryOf(
  tx: ReadTransaction,
  { brane_id, op_id, epoch, seq, at }: OpResultDoc,
): Promise<{ readonly committed: Committed; readonly messages: Transferred['messages'] }> {
  const head = await tx.get('heads', [brane_id]);
  const kept = head !== undefined && head.epoch === epoch && seq >= head.log_floor;
  const entry = kept ? await tx.get('log', [brane_id, seq]) : undefined;
  const frame = entry?.op_id === op_id ? entry.frame : undefined;
  const ops = frame ? decodeEntryOps(frame) : [];
  const message = frame && { epoch, seq, frame };
  return {
    committed: { brane_id, op_id, epoch, seq, at, ops, replayed: true },
    messages: message ? [{ braneId: brane_id, message }] : [],
  };
}
