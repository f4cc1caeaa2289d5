import { asBraneId, asObjectId } from '@state-server/domain';
import { StateError } from '@state-server/protocol';
import type { OperationDoc } from '@state-server/persistence-port';
import type { Committer } from '../committer';
import type { OperationKind, StepOutcome } from '../operations/operation';
import { type HistoryDeps, PastTree, PastTrees } from './past-tree';
import { collectBatch, RESTORE_START, type RestoreCursor, type RestorePlan } from './restore-batch';

export const RESTORE = 'restore';

export interface RestoreInput {
  readonly [field: string]: unknown;
  readonly seq: number;
  readonly subtree?: string;
  /** RFC 3339: when it was asked for. */
  readonly before: string;
}

/** A restore that is more than one edit (SYNC S3). Each step looks at the brane as it is by then. */
export function restoreOperation(
  deps: HistoryDeps & { readonly committer: Pick<Committer, 'restore'> },
): OperationKind {
  const trees = new PastTrees();
  return {
    kind: RESTORE,
    step: async (step) => {
      const { operation } = step;
      const plan = await planOf(deps, trees, operation);
      const batch = await collectBatch(deps.store, plan, cursorOf(operation));
      const done = doneOf(plan, batch.next);
      const total = 2 * plan.tree.order.length;
      const outcome: StepOutcome = batch.next
        ? { kind: 'more', cursor: { ...batch.next }, progress: { done, total } }
        : { kind: 'done', result: { seq: operation.input['seq'] }, progress: { done: total, total } };
      if (!batch.next) trees.forget(operation.id);
      if (batch.targets.length === 0) return outcome;
      const { brane_id, user_id, id: operation_id, step: number } = operation;
      try {
        await deps.committer.restore({
          ...{ brane_id, operation_id, targets: batch.targets, bytes: batch.bytes },
          actor: { kind: 'user', user_id },
          op_id: step.opId,
          asked: { operation_id, step: number },
          also: step.advance(outcome),
        });
      } catch (error) {
        // Somebody has brought it there meanwhile.
        if (!(error instanceof StateError) || error.code !== 'edit.empty') throw error;
      }
      return outcome;
    },
  };
}

async function planOf(deps: HistoryDeps, trees: PastTrees, operation: OperationDoc): Promise<RestorePlan> {
  const { id, brane_id, op_id } = operation;
  const { seq, subtree, before } = operation.input as unknown as RestoreInput;
  const root = subtree === undefined ? undefined : asObjectId(subtree);
  const tree = await trees.get(id, () => PastTree.read(deps, asBraneId(brane_id), seq, root));
  return { brane_id, tree, before, seed: op_id };
}

function cursorOf({ cursor }: OperationDoc): RestoreCursor {
  return cursor === undefined ? RESTORE_START : (cursor as unknown as RestoreCursor);
}

/** Of two walks over the tree. */
function doneOf({ tree }: RestorePlan, next: RestoreCursor | undefined): number {
  const all = tree.order.length;
  if (!next) return 2 * all;
  return next.phase === 'objects' ? next.index : all + next.index;
}
