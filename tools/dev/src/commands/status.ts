import { httpProbe, redisProbe } from '../services/probe';
import { isRunning } from '../services/process-identity';
import { readRun, survivors } from '../services/state-file';
import { type Where } from '../options';
import { type Terminal } from '../terminal';

export interface Status {
  /** Null when nothing runs here. */
  readonly origin: string | null;
  readonly services: readonly ServiceStatus[];
}

export interface ServiceStatus {
  readonly name: string;
  /** Null while it waits for its restart. */
  readonly pid: number | null;
  readonly url: string;
  /** Where Prometheus reads it. */
  readonly metrics?: string;
  readonly ready: boolean;
}

export async function statusOf(where: Where): Promise<Status> {
  const state = readRun(where);
  if (!state || !isRunning(state.supervisor)) return { origin: null, services: [] };
  const services = state.services.map(async ({ name, url, metrics, process }) => {
    const pid = process && isRunning(process) ? process.pid : null;
    const ready = pid !== null && (await probeOf(url).ready());
    return { name, pid, url, ...(metrics === undefined ? {} : { metrics }), ready };
  });
  return { origin: state.origin, services: await Promise.all(services) };
}

/** Exit code 0 when all of it runs and is ready. */
export async function status(where: Where, json: boolean, terminal: Terminal): Promise<number> {
  const now = await statusOf(where);
  (json ? [JSON.stringify(now)] : describe(now)).forEach((line) => terminal.line(line));
  if (!json && now.origin === null) leftBehind(where).forEach((line) => terminal.line(line));
  return now.origin !== null && now.services.every((service) => service.ready) ? 0 : 1;
}

function leftBehind(where: Where): string[] {
  const state = readRun(where);
  const names = state ? survivors(state) : [];
  return names.length === 0
    ? []
    : [`Left behind by a run that was killed: ${names.join(', ')}; ./dev down ends them.`];
}

function describe({ origin, services }: Status): string[] {
  if (origin === null) return ['Nothing runs here; ./dev up starts it.'];
  return [
    origin,
    ...services.map(({ name, pid, url, ready }) => {
      const process = pid === null ? 'waits for its restart' : `pid ${pid}`;
      return `  ${ready ? '✔' : '✖'} ${name.padEnd(18)} ${url.padEnd(24)} ${process}${ready ? '' : ', not ready'}`;
    }),
  ];
}

const probeOf = (url: string): { ready(): Promise<boolean> } =>
  url.startsWith('redis:') ? redisProbe(Number(new URL(url).port)) : httpProbe(url);
