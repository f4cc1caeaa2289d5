import { type AuditBy, type AuditEntry, recordAudit } from '@state-server/audit';
import type { Committed, Committer } from '@state-server/commit';
import type { BraneId, OpId, UserId } from '@state-server/domain';
import type { Store, Transaction } from '@state-server/persistence-port';

export interface BraneDeps {
  readonly store: Store;
  readonly committer: Committer;
}

/** Who writes, and under which op id (SYNC I1). */
export interface BraneWriter {
  readonly user_id: UserId;
  readonly op_id: OpId;
  readonly trace_id?: string;
  /** For the audit log; default: the user, from nowhere that is known. */
  readonly from?: AuditBy;
}

/** Further writes of the caller in the transaction of the write itself; may run several times. */
export type Also<T> = (tx: Transaction, written: T) => Promise<void>;

/** True when this op id had been committed before and nothing was written now. */
export interface Replayed {
  readonly replayed: boolean;
}

/** Records an act upon a brane that is written now, in its transaction; one that was written before is in the log already. */
export function recordInBrane(
  tx: Transaction,
  writer: BraneWriter,
  { brane_id, at, replayed }: Pick<Committed, 'brane_id' | 'at' | 'replayed'>,
  act: Pick<AuditEntry, 'action' | 'target' | 'details'>,
): void {
  if (replayed) return;
  const from = writer.from ?? { actor: { kind: 'user', id: writer.user_id } };
  const target = act.target ?? { kind: 'brane', id: brane_id };
  recordAudit(tx, { ...from, ...act, target, brane_id, at: Date.parse(at) });
}

/** What every request to the write path says of its origin. */
export function originOf(
  writer: BraneWriter,
  braneId: BraneId,
): {
  readonly brane_id: BraneId;
  readonly actor: { readonly kind: 'user'; readonly user_id: UserId };
  readonly op_id: OpId;
  readonly trace_id?: string;
} {
  const { user_id, op_id, trace_id } = writer;
  const origin = { brane_id: braneId, actor: { kind: 'user', user_id }, op_id } as const;
  return trace_id === undefined ? origin : { ...origin, trace_id };
}
