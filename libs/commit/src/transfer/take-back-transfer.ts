import type { OpId } from '@state-server/domain';
import { fail, StateError } from '@state-server/protocol';
import type { OpResultDoc, ReadTransaction } from '@state-server/persistence-port';
import type { Committed, UndoRequest } from '../committer';
import type { Core } from '../core';
import { withReadErrors } from '../errors';
import { fingerprint } from '../fingerprint';
import { type HoldBoth, runTransfer } from './transfer';
import type { TransferPlan } from './transfer-plan';

type Direction = 'undo' | 'redo';

/** From a move over its latest undo to the redo of that, as far as their records are kept. */
const MAX_HOPS = 16;

/**
 * Undo and redo of a move between branes: the reverse move, with rights in both (SYNC U3). Undefined when it was superseded
 * and nobody had named it: then what lies before it counts.
 */
export async function takeBackTransfer(
  core: Core,
  hold: HoldBoth,
  request: UndoRequest,
  direction: Direction,
  target: OpId,
): Promise<Committed | undefined> {
  try {
    const read = (tx: ReadTransaction): Promise<TransferPlan> => planBack(tx, request, direction, target);
    const plan = await withReadErrors(core.store.read({ label: 'commit.transfer' }, read));
    return await runTransfer(core, hold, plan, request.deadlineMs);
  } catch (error) {
    if (!(error instanceof StateError) || !STRUCTURAL.has(error.code)) throw error;
    if (request.target_op_id === undefined) return undefined;
    throw fail('undo.superseded', { cause: error.code, ...error.details }, error.message);
  }
}

/** What says that the state is not any more what the move has left (SYNC U1). */
const STRUCTURAL: ReadonlySet<string> = new Set([
  'undo.superseded',
  'object.not_found',
  'object.locked',
  'object.pinned',
  'object.not_a_group',
  'object.too_deep',
  'object.too_many_children',
  'object.too_many_to_move',
  'object.cycle',
]);

async function planBack(
  tx: ReadTransaction,
  request: UndoRequest,
  direction: Direction,
  target: OpId,
): Promise<TransferPlan> {
  const { entry, original } = await standing(tx, request, target);
  const { transfer } = entry;
  if (!transfer) throw fail('undo.not_found', { target_op_id: target });
  const { id, from, to, before, after } = transfer;
  return {
    request,
    kind: direction,
    fingerprint: fingerprint({ kind: direction, target: request.target_op_id }),
    id,
    from: to,
    to: from,
    told: request.brane_id,
    place: before,
    stillBelow: after.parent_id,
    target: original.op_id,
    marked: await marks(tx, request, direction === 'undo' ? [entry, original] : [entry]),
  };
}

function recordOf(
  tx: ReadTransaction,
  { brane_id, actor }: UndoRequest,
  opId: OpId,
): Promise<OpResultDoc | undefined> {
  return tx.get('op_results', [brane_id, actor.user_id, opId]);
}

/** The move itself, and the entry that stands: the move, its latest undo, or the redo of that. */
async function standing(
  tx: ReadTransaction,
  request: UndoRequest,
  target: OpId,
): Promise<{ readonly entry: OpResultDoc; readonly original: OpResultDoc }> {
  const original = await recordOf(tx, request, target);
  if (!original) throw fail('undo.not_found', { target_op_id: target });
  let entry = original;
  for (let hops = 0; entry.undone_by !== undefined && hops < MAX_HOPS; hops += 1) {
    const next = await recordOf(tx, request, entry.undone_by);
    if (!next) break;
    entry = next;
  }
  return { entry, original };
}

/** Their records in both branes, marked as taken back by this request. */
async function marks(
  tx: ReadTransaction,
  { op_id, actor }: UndoRequest,
  entries: readonly OpResultDoc[],
): Promise<OpResultDoc[]> {
  const marked = new Map<string, OpResultDoc>();
  for (const entry of entries) {
    const branes = entry.transfer ? [entry.transfer.from, entry.transfer.to] : [entry.brane_id];
    for (const braneId of branes) {
      const record = await tx.get('op_results', [braneId, actor.user_id, entry.op_id]);
      if (record) marked.set(`${braneId}/${entry.op_id}`, { ...record, undone_by: op_id });
    }
  }
  return [...marked.values()];
}
