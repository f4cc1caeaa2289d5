import type { Committer } from '@state-server/commit';
import type { Environment } from '@state-server/domain';
import { applyActivity } from '@state-server/features-analytics';
import { endDueGuests, endRevokedLinks, type GuestsDeps, liftDue } from '@state-server/features-guest';
import {
  checkpointBranes,
  type CheckpointWork,
  DEFAULT_BOUNDS,
  type Enqueue,
  expireDocuments,
  expireObjects,
  expiringCollections,
  forgetOpIds,
  purgeBranes,
  reapDeleted,
  relayOutbox,
  sweep,
  sweepCheckpoints,
  type SweepReport,
  trimLogs,
} from '@state-server/features-upkeep';
import type { Store } from '@state-server/persistence-port';

/** One piece of periodic work. */
export interface Task {
  readonly name: string;
  readonly everyMs: number;
  readonly run: (signal: AbortSignal) => Promise<SweepReport>;
}

export interface TaskDeps extends Pick<CheckpointWork, 'onOutcome' | 'onFailure'> {
  readonly store: Store;
  readonly environment: Pick<Environment, 'clock' | 'ids' | 'timers'>;
  readonly committer: Pick<Committer, 'administer' | 'expire' | 'forget' | 'reap' | 'purge' | 'trim'>;
  /** Tells the other services that tokens are dead. */
  readonly announce?: GuestsDeps['announce'];
  readonly enqueue: Enqueue;
}

export interface TaskTimes {
  readonly UPKEEP_EVERY_MS: number;
  readonly OUTBOX_EVERY_MS: number;
  readonly UNDO_HORIZON_MS: number;
  readonly DEDUPE_MS: number;
  readonly CHECKPOINTS_EVERY_MS: number;
  readonly LOG_RETENTION_DAYS: number;
  readonly AUDIT_RETENTION_DAYS: number;
  readonly POPULARITY_EVERY_MS: number;
}

/** People who give an object a lifetime expect it to be gone about a minute after its end, and not an hour. */
const EXPIRE_OBJECTS_EVERY_MS = 20_000;

/** Whose stay is over has no token any more: what is left is to clear up. */
const GUESTS_EVERY_MS = 20_000;
/** Who was banned until a time expects to be back then. */
const LIFT_EVERY_MS = 5_000;

/** All periodic work of the system, with its interval. */
export function periodicTasks(given: TaskDeps, times: TaskTimes): Task[] {
  const retention = { AUDIT_RETENTION_DAYS: times.AUDIT_RETENTION_DAYS };
  const deps = { ...given, clock: given.environment.clock, retention };
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
    {
      name: 'expire-objects',
      everyMs: EXPIRE_OBJECTS_EVERY_MS,
      run: (signal) => expireObjects(deps, bounds(signal)),
    },
    { name: 'end-guests', everyMs: GUESTS_EVERY_MS, run: (signal) => endDueGuests(deps, signal) },
    { name: 'end-links', everyMs: GUESTS_EVERY_MS, run: (signal) => endRevokedLinks(deps, signal) },
    { name: 'lift-restrictions', everyMs: LIFT_EVERY_MS, run: (signal) => liftDue(deps, signal) },
    { name: 'forget-op-ids', everyMs, run: (signal) => forgetOpIds({ ...deps, dedupeMs }, bounds(signal)) },
    {
      name: 'reap-deleted',
      everyMs,
      run: (signal) => reapDeleted({ ...deps, undoHorizonMs }, bounds(signal)),
    },
    { name: 'purge-branes', everyMs, run: (signal) => purgeBranes(deps, bounds(signal)) },
    { name: 'sweep-checkpoints', everyMs, run: (signal) => sweepCheckpoints(deps, bounds(signal)) },
    {
      name: 'trim-logs',
      everyMs,
      run: (signal) => trimLogs({ ...deps, retentionDays: times.LOG_RETENTION_DAYS }, bounds(signal)),
    },
    {
      name: 'checkpoint-branes',
      everyMs: times.CHECKPOINTS_EVERY_MS,
      run: (signal) => checkpointBranes(deps, bounds(signal)),
    },
    {
      name: 'apply-activity',
      everyMs: times.POPULARITY_EVERY_MS,
      run: (signal) => sweep(bounds(signal), () => applyActivity(deps.store, DEFAULT_BOUNDS.batch)),
    },
    {
      name: 'relay-outbox',
      everyMs: times.OUTBOX_EVERY_MS,
      run: (signal) => relayOutbox(deps, bounds(signal)),
    },
  ];
}
