import {
  type BraneChange,
  type BraneOp,
  changeBrane,
  LIMITS,
  ok,
  type OpContext,
  refuse,
  type Resolved,
  type Result,
  type WorkingCopy,
} from '@state-server/domain';
import { fail } from '@state-server/protocol';

/** Between the deletion of a brane and its purge, ms (SYNC L7). */
export const PURGE_AFTER_MS = 30 * 24 * 3_600_000;

/** Name, visibility, settings, members and status of the brane, through the one reducer; all or nothing (SYNC L1, L6). */
export function resolveAdminister(
  copy: WorkingCopy,
  changes: readonly BraneChange[],
  context: OpContext,
): Result<Resolved> {
  if (changes.length === 0) return refuse('edit.empty', 'An edit holds at least one op.');
  const before = copy.savepoint();
  const ops: BraneOp[] = [];
  for (const change of changes) {
    const result = apply(copy, change, context);
    if (result.ok) {
      ops.push(result.value);
      continue;
    }
    copy.rollback(before);
    return result;
  }
  return ok({ ops, inverses: [], skipped: [] });
}

function apply(copy: WorkingCopy, change: BraneChange, context: OpContext): Result<BraneOp> {
  const asked = changeBrane(copy.meta, change, context.at);
  if (!asked.ok) return asked;
  const op = complete(asked.value, context.at);
  assertInTime(copy, op, context.at);
  assertWithinLimits(copy, op);
  const result = copy.apply(op, context);
  return result.ok ? ok(op) : result;
}

function assertWithinLimits(copy: WorkingCopy, op: BraneOp): void {
  if (op.op !== 'set_member' || op.role === null) return;
  const { members } = copy.meta;
  if (Object.hasOwn(members, op.user_id) || Object.keys(members).length < LIMITS.members_per_brane) return;
  throw fail('brane.too_many_members', { max: LIMITS.members_per_brane });
}

/** When a deleted brane may be purged is the server's to say. */
function complete(op: BraneOp, at: string): BraneOp {
  if (op.op !== 'set_status') return op;
  if (op.status !== 'deleted') return { op: 'set_status', status: op.status };
  const purgeAfter = new Date(Date.parse(at) + PURGE_AFTER_MS).toISOString();
  return { op: 'set_status', status: 'deleted', purge_after: purgeAfter };
}

/** Past `purge_after` the purge may begin at any moment: no way back any more. */
function assertInTime(copy: WorkingCopy, op: BraneOp, at: string): void {
  const { status, purge_after: purgeAfter, id } = copy.meta;
  const restores = op.op === 'set_status' && op.status === 'live' && status === 'deleted';
  if (restores && purgeAfter !== undefined && at > purgeAfter)
    throw fail('brane.deleted', { brane_id: id, purge_after: purgeAfter });
}
