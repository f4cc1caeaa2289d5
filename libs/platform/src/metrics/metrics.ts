import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface MetricOptions<Label extends string> {
  /** `area_what_unit`: `commit_duration_seconds`, `outbox_bytes`, `gaps_filled_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

export interface HistogramOptions<Label extends string> extends MetricOptions<Label> {
  /** Upper bounds, ascending; default LATENCY_SECONDS. */
  readonly buckets?: readonly number[];
}

/** Seconds: from a cached read to a request that nearly timed out. */
export const LATENCY_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

/** What one process tells Prometheus. Each name is registered once: a second time is an error. */
export interface Metrics {
  counter<Label extends string = never>(options: MetricOptions<Label>): Counter<Label>;
  /** @param collect called before each scrape, to set the value then */
  gauge<Label extends string = never>(
    options: MetricOptions<Label>,
    collect?: (gauge: Gauge<Label>) => void,
  ): Gauge<Label>;
  histogram<Label extends string = never>(options: HistogramOptions<Label>): Histogram<Label>;
  /** The page that is scraped. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface MetricsOptions {
  readonly service: string;
  readonly instance: string;
  /** Also what the process itself costs (memory, event loop, garbage collection); default true. */
  readonly ofProcess?: boolean;
}

export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service: options.service, instance: options.instance });
  if (options.ofProcess ?? true) collectDefaultMetrics({ register: registry });
  const common = <Label extends string>({ name, help, labels }: MetricOptions<Label>) => ({
    name,
    help,
    labelNames: labels ?? [],
    registers: [registry],
  });
  return {
    counter: (metric) => new Counter(common(metric)),
    gauge: (metric, collect) => {
      const gauge = new Gauge({
        ...common(metric),
        ...(collect && {
          collect: () => {
            collect(gauge);
          },
        }),
      });
      return gauge;
    },
    histogram: (metric) =>
      new Histogram({ ...common(metric), buckets: [...(metric.buckets ?? LATENCY_SECONDS)] }),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
