import type { CommitMetrics } from '@state-server/commit';
import { createSkewMeter, type Service } from '@state-server/platform';

const ENTRIES = [1, 2, 5, 10, 20, 50, 100, 200] as const;

type CommitMetricsDeps = Pick<Service, 'metrics' | 'log' | 'environment'>;

/** What the write path says about itself, as numbers for Prometheus and lines for the log. */
export function commitMetrics({ metrics, log, environment }: CommitMetricsDeps): CommitMetrics {
  const seconds = metrics.histogram({
    name: 'commit_duration_seconds',
    help: 'From the first read of a group to its durable commit, attempts included.',
  });
  const entries = metrics.histogram({
    name: 'commit_entries',
    help: 'Log entries in one transaction.',
    buckets: ENTRIES,
  });
  const conflicts = metrics.counter({
    name: 'commit_conflicts_total',
    help: 'Attempts lost against another writer.',
  });
  const turns = metrics.counter({
    name: 'commit_turns_total',
    help: 'Turn markers set after three lost attempts.',
  });
  const unknown = metrics.counter({
    name: 'commit_unknown_total',
    help: 'Commits whose outcome is not known.',
  });
  const refused = metrics.counter({ name: 'commit_refused_total', help: 'Refused edits.', labels: ['code'] });
  const skew = createSkewMeter({
    ...{ metrics, log, clock: environment.clock },
    metric: 'commit_clock_skew_seconds',
    help: 'How far another writer’s clock was ahead in the last minute.',
    event: 'brane.commit.clock_skew',
  });
  const bytes = metrics.gauge({ name: 'commit_replica_bytes', help: 'Held by the replicas of branes.' });
  const branes = metrics.gauge({ name: 'commit_replica_branes', help: 'Branes of which a replica is held.' });
  return {
    committed: (group) => {
      seconds.observe(group.ms / 1_000);
      entries.observe(group.entries);
    },
    conflict: () => conflicts.inc(),
    turnClaimed: () => turns.inc(),
    outcomeUnknown: (braneId) => {
      unknown.inc();
      log.warn('brane.commit.outcome_unknown', { brane_id: braneId });
    },
    refused: (_braneId, code) => refused.inc({ code }),
    clockSkew: (braneId, ms) => {
      skew.observe(ms, { brane_id: braneId });
    },
    replicas: (held) => {
      bytes.set(held.bytes);
      branes.set(held.branes);
    },
  };
}
