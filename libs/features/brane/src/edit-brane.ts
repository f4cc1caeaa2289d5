import type { AlsoWrite, Committed, Committer } from '@state-server/commit';
import type { BraneId, ClientOp, Epoch } from '@state-server/domain';
import { type BraneWriter, originOf } from './brane-writer';

export interface EditBrane extends BraneWriter {
  readonly brane_id: BraneId;
  readonly ops: readonly ClientOp[];
  /** Sent before (SYNC I2), and where the log stood then (SYNC I4). */
  readonly again?: boolean;
  readonly first_sent?: { readonly epoch: Epoch; readonly seq: number };
  readonly also?: AlsoWrite;
}

/** Commits a batch of ops: all or none (SYNC L1). Throws `brane.not_found`, `permission.denied`, and what the rules refuse. */
export async function editBrane(committer: Committer, input: EditBrane): Promise<Committed> {
  const { ops, again, first_sent, also } = input;
  return committer.edit({
    ...originOf(input, input.brane_id),
    ops,
    ...(again === undefined ? {} : { again }),
    ...(first_sent && { first_sent }),
    ...(also && { also }),
  });
}
