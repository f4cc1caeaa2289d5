import type { FoundationDbMetrics } from '@state-server/persistence-foundationdb';
import type { Metrics } from '@state-server/platform';

const BYTES = [100, 1_000, 10_000, 100_000, 1_000_000] as const;

/** What the client of FoundationDB says about itself, as numbers for Prometheus. */
export function foundationDbMetrics(metrics: Metrics): FoundationDbMetrics {
  const snapshots = metrics.histogram({
    name: 'foundationdb_snapshot_duration_seconds',
    help: 'Until a transaction had its read version.',
  });
  const reads = metrics.histogram({
    name: 'foundationdb_read_duration_seconds',
    help: 'One read of a key or of a range.',
    labels: ['kind'],
  });
  const commits = metrics.histogram({
    name: 'foundationdb_commit_duration_seconds',
    help: 'One commit, by how it ended as far as that attempt knows.',
    labels: ['outcome'],
  });
  const bytes = metrics.histogram({
    name: 'foundationdb_commit_bytes',
    help: 'Keys and values of one commit.',
    buckets: BYTES,
  });
  const askedAgain = metrics.counter({
    name: 'foundationdb_asked_again_total',
    help: 'Calls that the driver repeated by itself, by error code.',
    labels: ['code'],
  });
  const errors = metrics.counter({
    name: 'foundationdb_errors_total',
    help: 'Errors that reached the record layer, by call and error code.',
    labels: ['call', 'code'],
  });
  const open = metrics.gauge({ name: 'foundationdb_open_transactions', help: 'Transactions that are open.' });
  return {
    snapshot: (ms) => snapshots.observe(ms / 1_000),
    read: (kind, ms) => reads.observe({ kind }, ms / 1_000),
    commit: (outcome, ms, size) => {
      commits.observe({ outcome }, ms / 1_000);
      bytes.observe(size);
    },
    askedAgain: (code) => askedAgain.inc({ code: String(code) }),
    error: (call, code) => errors.inc({ call, code: String(code) }),
    open: (count) => open.set(count),
  };
}
