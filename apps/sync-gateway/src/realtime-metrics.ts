import type { ActivityMeter } from '@state-server/features-analytics';
import type { Metrics } from '@state-server/platform';
import type { Gateway, RealtimeMetrics } from '@state-server/realtime';

/** What the sync engine says about itself, as numbers for Prometheus; joins are visits of a brane besides. */
export function realtimeMetrics(
  metrics: Metrics,
  gateway: () => Gateway | undefined,
  meter: Pick<ActivityMeter, 'visited'>,
): RealtimeMetrics {
  const deliveries = metrics.counter({
    name: 'realtime_deliveries_total',
    help: 'Log entries handed to sockets, counted at each socket.',
  });
  const gaps = metrics.counter({
    name: 'realtime_gaps_filled_total',
    help: 'Log entries that the bus did not bring and the log did.',
  });
  const snapshots = metrics.histogram({
    name: 'realtime_snapshot_seconds',
    help: 'Time to get a snapshot ready, by where it is from.',
    labels: ['from'],
  });
  const joins = metrics.counter({ name: 'realtime_joins_total', help: 'Joins by mode.', labels: ['mode'] });
  const behind = metrics.counter({
    name: 'realtime_fell_behind_total',
    help: 'Times that a slow socket was switched to catching up.',
  });
  const bytes = metrics.counter({ name: 'realtime_written_bytes_total', help: 'Bytes written to sockets.' });
  const writes = metrics.counter({ name: 'realtime_writes_total', help: 'Messages written to sockets.' });
  const ended = metrics.counter({
    name: 'realtime_sessions_ended_total',
    help: 'Ended sessions.',
    labels: ['why'],
  });
  const refused = metrics.counter({
    name: 'realtime_refused_total',
    help: 'Refused frames.',
    labels: ['code'],
  });
  const limited = metrics.counter({
    name: 'realtime_limited_total',
    help: 'Sockets and edits that met a limit of this gateway, by what it is counted for.',
    labels: ['what', 'scope'],
  });
  gaugeStats(metrics, gateway);
  return {
    delivered: (sockets) => deliveries.inc(sockets),
    gapFilled: (entries) => gaps.inc(entries),
    snapshotBuilt: ({ from, ms }) => snapshots.observe({ from }, ms / 1_000),
    joined: (mode, braneId, userId) => {
      joins.inc({ mode });
      meter.visited(braneId, userId);
    },
    fellBehind: () => behind.inc(),
    wrote: (size) => {
      bytes.inc(size);
      writes.inc();
    },
    sessionEnded: (why) => ended.inc({ why }),
    refused: (code) => refused.inc({ code }),
    limited: (what, scope) => limited.inc({ what, scope }),
  };
}

function gaugeStats(metrics: Metrics, gateway: () => Gateway | undefined): void {
  const stats = [
    ['sessions', 'Open sessions.'],
    ['rooms', 'Branes that somebody is in.'],
    ['seats', 'Sessions times branes.'],
    ['outboxBytes', 'Bytes queued for sockets.'],
  ] as const;
  for (const [stat, help] of stats) {
    const name = stat === 'outboxBytes' ? 'realtime_outbox_bytes' : `realtime_${stat}`;
    metrics.gauge({ name, help }, (gauge) => {
      gauge.set(gateway()?.stats()[stat] ?? 0);
    });
  }
}
