import { join } from 'node:path';
import { ROOT } from '../workspace';
import { logFolder } from './log-files';
import { type Plan, type ServicePlan } from './plan';
import { httpProbe } from './probe';
import { type ServiceSpec } from './service';

/** The doors to clients drain first: sockets are told to come again elsewhere while the way to them still stands. */
const STOP_ORDER = [['sync-gateway'], ['api-gateway', 'callback-ingest', 'jobs-runner'], ['auth']];

export function appSpec(service: ServicePlan, dataDir: string): ServiceSpec {
  return {
    name: service.name,
    command: process.execPath,
    args: ['--enable-source-maps', service.program],
    env: { ...process.env, ...service.env },
    cwd: ROOT,
    logFile: join(logFolder(dataDir), `${service.name}.log`),
    url: service.url,
    metrics: `${new URL(service.url).protocol}//${new URL(service.url).hostname}:${service.metricsPort}/metrics`,
    probe: httpProbe(service.url),
    graceMs: 15_000,
    startMs: 60_000,
  };
}

/** @param redis the private Redis, when one is ours: first up, last down */
export function stagesOf(
  plan: Plan,
  redis: ServiceSpec | undefined,
  dataDir: string,
): { startOrder: ServiceSpec[][]; stopOrder: string[][] } {
  const stopOrder = STOP_ORDER.map((apps) =>
    plan.services.filter((service) => apps.includes(service.app)).map((service) => service.name),
  );
  return {
    startOrder: [...(redis ? [[redis]] : []), plan.services.map((service) => appSpec(service, dataDir))],
    stopOrder: [...stopOrder, ...(redis ? [[redis.name]] : [])],
  };
}
