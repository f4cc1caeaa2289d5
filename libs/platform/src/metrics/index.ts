export * from './metrics';
export { type MetricsServer, startMetricsServer } from './metrics-server';
