import {
  buildCheckpoint,
  type CheckpointOutcome,
  type CheckpointPolicy,
  dueCheckpoints,
  sweepCheckpointGarbage,
} from '@state-server/commit';
import type { BraneId, Environment } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { DEFAULT_BOUNDS, sweep, type SweepBounds, type SweepReport } from './sweep';

export interface CheckpointWork {
  readonly store: Store;
  readonly environment: Pick<Environment, 'clock' | 'ids' | 'timers'>;
  readonly policy?: Partial<CheckpointPolicy>;
  /** Told of every brane that was looked at. */
  readonly onOutcome?: (braneId: BraneId, outcome: CheckpointOutcome, ms: number) => void;
  /** One brane that cannot be done does not keep the others from it. */
  readonly onFailure?: (braneId: BraneId, error: unknown) => void;
}

/**
 * Makes the checkpoints that are due (SYNC R2), the longest due first. Commits put a brane on that list when its log has
 * grown, so this costs what there is to do, however many branes there are.
 */
export async function checkpointBranes(
  deps: CheckpointWork,
  bounds: SweepBounds = DEFAULT_BOUNDS,
): Promise<SweepReport> {
  const { clock } = deps.environment;
  const due = await dueCheckpoints(deps.store, clock.now(), bounds.batch);
  let done = 0;
  for (const braneId of due) {
    if (bounds.signal?.aborted) return { done, finished: false };
    const started = clock.monotonic();
    try {
      const options = deps.policy ? { policy: deps.policy } : {};
      const outcome = await buildCheckpoint(deps, braneId, options);
      if (outcome.kind === 'built') done += 1;
      deps.onOutcome?.(braneId, outcome, clock.monotonic() - started);
    } catch (error) {
      if (!deps.onFailure) throw error;
      deps.onFailure(braneId, error);
    }
  }
  return { done, finished: due.length < bounds.batch };
}

/** Deletes what builds and replaced checkpoints have left behind. */
export async function sweepCheckpoints(
  deps: Pick<CheckpointWork, 'store' | 'environment'>,
  bounds: SweepBounds = DEFAULT_BOUNDS,
): Promise<SweepReport> {
  return sweep(bounds, () => sweepCheckpointGarbage(deps.store, deps.environment.clock.now()));
}
