import type { Committed } from '@state-server/commit';
import type { BraneEditFrame, BraneRedoFrame, BraneUndoFrame } from '@state-server/protocol';
import type { GatewayDeps, Identity } from './ports';

export type MutationFrame = BraneEditFrame | BraneUndoFrame | BraneRedoFrame;

/** Hands an edit, undo or redo to the write path, in the name of whoever sent it. */
export function commitMutation(
  committer: GatewayDeps['committer'],
  { user_id, session_id }: Identity,
  frame: MutationFrame,
): Promise<Committed> {
  const request = {
    brane_id: frame.brane_id,
    actor: { kind: 'user', user_id, session_id } as const,
    op_id: frame.op_id,
    ...(frame.again === undefined ? {} : { again: frame.again }),
    ...(frame.first_sent ? { first_sent: frame.first_sent } : {}),
  };
  if (frame.type === 'brane.edit') return committer.edit({ ...request, ops: frame.ops });
  const target = frame.target_op_id === undefined ? {} : { target_op_id: frame.target_op_id };
  return frame.type === 'brane.undo'
    ? committer.undo({ ...request, ...target })
    : committer.redo({ ...request, ...target });
}
