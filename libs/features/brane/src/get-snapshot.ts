import { type Snapshot, readSnapshot } from '@state-server/commit';
import type { BraneId, Environment, UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import { findBrane } from './find-brane';

export interface GetSnapshot {
  readonly user_id: UserId;
  readonly brane_id: BraneId;
}

/** The whole brane at its head, read from one snapshot of the store in slices. Throws `brane.not_found`. */
export async function getSnapshot(
  deps: { readonly store: Store; readonly environment: Pick<Environment, 'clock' | 'timers'> },
  input: GetSnapshot,
): Promise<Snapshot> {
  await findBrane(deps.store, input.user_id, input.brane_id);
  const snapshot = await readSnapshot(deps.store, input.brane_id, { environment: deps.environment });
  if (!snapshot) throw fail('brane.not_found', { id: input.brane_id });
  return snapshot;
}
