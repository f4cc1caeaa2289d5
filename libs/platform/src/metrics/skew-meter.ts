import type { Clock } from '@state-server/domain';
import type { LogFields, Logger } from '../log/logger';
import type { Metrics } from './metrics';

export interface SkewMeterOptions {
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  /** Name of the gauge, `…_clock_skew_seconds`. */
  readonly metric: string;
  readonly help: string;
  /** The event of the line that is logged. */
  readonly event: string;
}

/** Two clocks that should agree do not: as a number for Prometheus, and now and then as a line in the log. */
export interface SkewMeter {
  /** @param ms how far the other clock is ahead of ours; negative: behind */
  observe(ms: number, fields?: LogFields): void;
  /** Whether something was observed within so many ms. */
  seenWithin(ms: number): boolean;
}

/** The gauge tells the last difference for so long; then the clocks have been set, or nobody has asked. */
const SHOWN_MS = 60_000;
/** A line at most this often: skew is met with every request. */
const SAID_MS = 10_000;

export function createSkewMeter(options: SkewMeterOptions): SkewMeter {
  const { metrics, log, clock, metric, help, event } = options;
  let last: { readonly at: number; readonly ms: number } | undefined;
  let saidAt = Number.NEGATIVE_INFINITY;
  const seenWithin = (ms: number): boolean => last !== undefined && clock.monotonic() - last.at < ms;
  metrics.gauge({ name: metric, help }, (gauge) => {
    gauge.set(last && seenWithin(SHOWN_MS) ? last.ms / 1_000 : 0);
  });
  return {
    observe: (ms, fields) => {
      const now = clock.monotonic();
      last = { at: now, ms };
      if (now - saidAt < SAID_MS) return;
      saidAt = now;
      log.warn(event, { ms: Math.round(ms), ...fields });
    },
    seenWithin,
  };
}
