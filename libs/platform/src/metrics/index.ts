export * from './metrics';
export { type MetricsServer, startMetricsServer } from './metrics-server';
export { createSkewMeter, type SkewMeter, type SkewMeterOptions } from './skew-meter';
