import { type Committer, REKEY_QUEUE } from '@state-server/commit';
import { asBraneId, isUuid } from '@state-server/domain';
import { fail } from '@state-server/protocol';

const OBJECTS_PER_STEP = 500;

/** Finishes the spatial keys of the large groups that were moved in a brane (SYNC S2). Answers the number of steps. */
export async function rekeyBrane(
  deps: { readonly committer: Pick<Committer, 'rekey'> },
  payload: Readonly<Record<string, unknown>>,
  signal?: AbortSignal,
): Promise<number> {
  const braneId = payload['brane_id'];
  if (!isUuid(braneId)) throw fail('body.invalid', { queue: REKEY_QUEUE }, 'the work does not name a brane');
  for (let steps = 1; ; steps += 1) {
    if (await deps.committer.rekey(asBraneId(braneId), OBJECTS_PER_STEP)) return steps;
    if (signal?.aborted) throw fail('gateway.draining');
  }
}
