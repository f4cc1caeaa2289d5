import { createClient, type ClientOptions, type LiveBrane } from '@state-server/client';
import { asBraneId, type BraneId } from '@state-server/domain';
import { DevSystem, type DevStatus, differences, seededRandom, sumCounter } from '@state-server/testing';
import { WebSocket } from 'ws';
import { buildTown } from './build-town';
import { Crowd, type CrowdReport } from './crowd';
import { createProgress, type Progress } from './progress';
import { DEFAULT_TOWN } from './town';

export interface DemoOptions {
  readonly root: string;
  readonly port?: number;
  readonly seconds: number;
  readonly clients: number;
  /** Edits per second of each client. */
  readonly rate: number;
  readonly objects: number;
  readonly seed: number;
}

/** The gateway dies when this share of the time is over. */
const KILL_AT = 0.4;
const SETTLE_MS = 20_000;
const GAPS_METRIC = 'realtime_gaps_filled_total';

/** Builds a town, lets a crowd loose in it, kills a gateway, and compares. Answers whether all converged. */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const progress = createProgress(process.stdout);
  const system = new DevSystem({
    root: options.root,
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  const running = await system.status();
  const status = running ?? (await system.start(2));
  try {
    return await play(options, status, progress);
  } finally {
    if (!running) await system.stop();
  }
}

async function play(options: DemoOptions, status: DevStatus, progress: Progress): Promise<boolean> {
  const clientOptions: ClientOptions = {
    origin: status.origin,
    WebSocket: WebSocket,
    name: 'demo',
  };
  const mayor = createClient(clientOptions);
  await mayor.signInDev('Mayor');
  const { id } = await mayor.rest.createBrane({ name: 'Demo town', visibility: 'private' });
  const braneId = asBraneId(id);
  const square = await mayor.join(braneId);
  const random = seededRandom(options.seed);
  const env = { ids: { uuid: () => crypto.randomUUID() }, random };
  const size = { ...DEFAULT_TOWN, objects: options.objects };
  const started = performance.now();
  const objects = await buildTown(mayor, square, env, size, (done, total) =>
    progress.show(`building the town: ${done} of ${total} objects`),
  );
  progress.done(`built a town of ${objects} objects in ${seconds(performance.now() - started)} s`);

  const crowd = new Crowd({
    braneId,
    count: options.clients,
    seconds: options.seconds,
    rate: options.rate,
    random,
    client: clientOptions,
    invite: async (user) => {
      await mayor.rest.setMember(braneId, user, 'editor');
    },
  });
  try {
    await crowd.join((joined) => progress.show(`${joined} of ${options.clients} clients have joined`));
    progress.done(`${options.clients} clients have joined, over ${gatewaysOf(status).length} gateways`);
    const killing = killGateway(options, status, progress);
    await crowd.live((left, edits) =>
      progress.show(`${edits} edits, ${Math.max(0, left).toFixed(0)} s left`),
    );
    await killing;
    progress.show('waiting until everybody has seen everything');
    const settled = await crowd.settle(SETTLE_MS);
    const found = await compareAll(crowd, mayor, braneId, square);
    print(crowd.report(), await gapsFilled(status), settled, found);
    return settled && found.length === 0;
  } finally {
    crowd.close();
    mayor.close();
  }
}

async function killGateway(options: DemoOptions, status: DevStatus, progress: Progress): Promise<void> {
  const [victim] = gatewaysOf(status);
  if (!victim || victim.pid === null) return;
  await new Promise((resolve) => setTimeout(resolve, options.seconds * 1_000 * KILL_AT));
  process.kill(victim.pid, 'SIGKILL');
  progress.done(`killed ${victim.name} (pid ${victim.pid}); its supervisor starts it again`);
}

function gatewaysOf(status: DevStatus): DevStatus['services'] {
  return status.services.filter((service) => service.name.startsWith('sync-gateway'));
}

async function compareAll(
  crowd: Crowd,
  mayor: ReturnType<typeof createClient>,
  braneId: BraneId,
  square: LiveBrane,
): Promise<string[]> {
  const stored = await mayor.rest.snapshot(braneId);
  const clients = [{ name: 'Mayor', brane: square }, ...crowd.actors];
  return clients.flatMap(({ name, brane }) =>
    differences(stored.objects, brane.confirmed).map((difference) => `${name}: ${difference}`),
  );
}

/** Gaps that the gateways closed by reading the log; a gateway that was killed has taken its count along. */
async function gapsFilled(status: DevStatus): Promise<number | undefined> {
  const pages = await Promise.all(
    gatewaysOf(status).map(async (service) => {
      if (service.metrics === undefined) return '';
      const answer = await fetch(service.metrics, { signal: AbortSignal.timeout(2_000) }).catch(
        () => undefined,
      );
      return answer ? answer.text() : '';
    }),
  );
  return pages.every((page) => page === '') ? undefined : sumCounter(pages, GAPS_METRIC);
}

function print(
  report: CrowdReport,
  gaps: number | undefined,
  settled: boolean,
  found: readonly string[],
): void {
  const { latencies } = report;
  const lines = [
    '',
    `edits            ${report.edits} (${(report.edits / report.seconds).toFixed(1)}/s), refused by the rules ${report.refused}, overwritten ${report.overwritten}`,
    `edit to peer     p50 ${ms(latencies.percentile(0.5))}  p95 ${ms(latencies.percentile(0.95))}  p99 ${ms(latencies.percentile(0.99))}  (${latencies.count} deliveries)`,
    `gaps filled      ${gaps ?? 'unknown (no metrics page answers)'}`,
    `reconnects       ${report.reconnects} (joined again within a session: ${report.rejoins})`,
    `converged        ${settled && found.length === 0 ? 'yes' : 'no'}`,
    ...(settled ? [] : ['not everybody has seen the last entry in time']),
    ...found.slice(0, 20),
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function ms(value: number): string {
  return Number.isNaN(value) ? '–' : `${value.toFixed(1)} ms`;
}

function seconds(value: number): string {
  return (value / 1_000).toFixed(1);
}
