import type { Committer } from '@state-server/commit';
import type { Clock } from '@state-server/domain';
import {
  DEFAULT_BOUNDS,
  type Enqueue,
  expireDocuments,
  expiringCollections,
  forgetOpIds,
  purgeBranes,
  reapDeleted,
  relayOutbox,
  type SweepReport,
} from '@state-server/features-upkeep';
import type { Store } from '@state-server/persistence-port';

/** One piece of periodic work. */
export interface Task {
  readonly name: string;
  readonly everyMs: number;
  readonly run: (signal: AbortSignal) => Promise<SweepReport>;
}

export interface TaskDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly committer: Pick<Committer, 'forget' | 'reap' | 'purge'>;
  readonly enqueue: Enqueue;
}

export interface TaskTimes {
  readonly UPKEEP_EVERY_MS: number;
  readonly OUTBOX_EVERY_MS: number;
  readonly UNDO_HORIZON_MS: number;
  readonly DEDUPE_MS: number;
}

/** All periodic work of the system, with its interval. */
export function periodicTasks(deps: TaskDeps, times: TaskTimes): Task[] {
  const everyMs = times.UPKEEP_EVERY_MS;
  const bounds = (signal: AbortSignal) => ({ ...DEFAULT_BOUNDS, signal });
  const undoHorizonMs = times.UNDO_HORIZON_MS;
  const dedupeMs = times.DEDUPE_MS;
  return [
    ...expiringCollections().map((collection) => ({
      name: `expire-${collection}`,
      everyMs,
      run: (signal: AbortSignal) => expireDocuments(deps, collection, bounds(signal)),
    })),
    { name: 'forget-op-ids', everyMs, run: (signal) => forgetOpIds({ ...deps, dedupeMs }, bounds(signal)) },
    {
      name: 'reap-deleted',
      everyMs,
      run: (signal) => reapDeleted({ ...deps, undoHorizonMs }, bounds(signal)),
    },
    { name: 'purge-branes', everyMs, run: (signal) => purgeBranes(deps, bounds(signal)) },
    {
      name: 'relay-outbox',
      everyMs: times.OUTBOX_EVERY_MS,
      run: (signal) => relayOutbox(deps, bounds(signal)),
    },
  ];
}
