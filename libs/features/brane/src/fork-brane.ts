import {
  FORK,
  forkedBraneId,
  type ForkInput,
  hasStateAt,
  operationId,
  readOperation,
  type StartedOperation,
  type StartOperation,
  startOperation,
  startOperationIn,
  withReadErrors,
} from '@state-server/commit';
import type { BraneId, Visibility } from '@state-server/domain';
import type { Transaction } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import type { BraneWriter } from './brane-writer';
import { findBrane } from './find-brane';
import { type PastPoint, resolvePast } from './get-snapshot';
import type { HistoryWorkDeps } from './restore-brane';

export interface ForkBrane extends BraneWriter {
  /** What is to be copied. */
  readonly source: BraneId;
  /** Without it, as it is now. */
  readonly at?: PastPoint;
  readonly name?: string;
  readonly visibility: Visibility;
  readonly also?: (tx: Transaction, started: StartedOperation) => Promise<void>;
}

/**
 * Makes a brane of the caller's own that is a copy of what a brane was at one seq. Whoever sees the source may. The new brane is
 * there at once, with the operation that fills it; until that has ended nobody can edit it (`brane.frozen`). Throws `history.*`.
 */
export async function forkBrane(deps: HistoryWorkDeps, input: ForkBrane): Promise<StartedOperation> {
  const { source, user_id, op_id, at, name, visibility } = input;
  const origin = { brane_id: forkedBraneId(source, user_id, op_id), asked_of: source, user_id, op_id };
  const asked = { at, name, visibility };
  const known = await withReadErrors(readOperation(deps.store, operationId(origin)));
  const also = input.also && { also: input.also };
  if (known) {
    const { brane_id } = known;
    return startOperation(deps, { ...origin, brane_id, kind: FORK, asked, input: known.input, ...also });
  }
  const { meta, head } = await findBrane(deps.store, user_id, source);
  if (meta.forked_from?.complete === false) throw fail('brane.frozen', { brane_id: source });
  const seq = at === undefined ? head.seq : await resolvePast(deps.store, source, at);
  await hasStateAt(deps.store, source, seq);
  const forkedFrom = { brane_id: source, epoch: head.epoch, seq, complete: false };
  const fork: ForkInput = { source, forked_from: forkedFrom };
  const operation: StartOperation = { ...origin, kind: FORK, asked, input: fork };
  let started: StartedOperation | undefined;
  await deps.committer.createBrane(
    { kind: 'user', user_id },
    {
      op_id,
      id: origin.brane_id,
      name: name ?? meta.name,
      visibility,
      forked_from: forkedFrom,
      also: async (tx, committed) => {
        started = await startOperationIn(tx, committed.at, operation);
        await input.also?.(tx, started);
      },
    },
  );
  deps.poke?.();
  if (!started) throw new Error('the committer did not call its hook');
  return started;
}
