import type { AlsoWrite, Committed, Committer, UndoRequest } from '@state-server/commit';
import type { BraneId, Epoch, OpId } from '@state-server/domain';
import { type BraneWriter, originOf } from './brane-writer';

export interface UndoEdit extends BraneWriter {
  readonly brane_id: BraneId;
  /** Without it the latest of the user's edits that can be undone (SYNC U2). */
  readonly target_op_id?: OpId;
  /** Sent before (SYNC I2), and where the log stood then (SYNC I4). */
  readonly again?: boolean;
  readonly first_sent?: { readonly epoch: Epoch; readonly seq: number };
  readonly also?: AlsoWrite;
}

/** Takes an edit of the user's own back, as far as nobody changed the same since (SYNC U1). Throws `undo.*`. */
export async function undoEdit(committer: Committer, input: UndoEdit): Promise<Committed> {
  return committer.undo(toRequest(input));
}

/** Does again what the user took back. Throws `undo.*`. */
export async function redoEdit(committer: Committer, input: UndoEdit): Promise<Committed> {
  return committer.redo(toRequest(input));
}

function toRequest(input: UndoEdit): UndoRequest {
  const { target_op_id, again, first_sent, also } = input;
  return {
    ...originOf(input, input.brane_id),
    ...(target_op_id && { target_op_id }),
    ...(again === undefined ? {} : { again }),
    ...(first_sent && { first_sent }),
    ...(also && { also }),
  };
}
