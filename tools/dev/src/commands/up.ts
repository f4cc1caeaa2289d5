import { closeSync, mkdirSync, openSync } from 'node:fs';
import { type UpOptions } from '../options';
import { runNx } from '../nx';
import { eventLine } from '../services/event-line';
import { untilGone } from '../services/process-identity';
import { rotateLogs } from '../services/log-files';
import { type Plan, planOf, redisPort, settingsFile } from '../services/plan';
import { assertFree } from '../services/ports';
import { assertReachable, ensureRedisServer, redisSpec } from '../services/redis';
import { devSecrets } from '../services/secrets';
import { type ServiceSpec, StartFailure } from '../services/service';
import { stagesOf } from '../services/specs';
import { readState, survivors } from '../services/state-file';
import { Supervisor } from '../services/supervisor';
import { type Terminal } from '../terminal';
import { UserError } from '../user-error';
import { APPS } from '../workspace';
import { endLeftovers } from './down';
import { whatNow } from './what-now';

/** How whoever holds the supervisor is told: a terminal in front of it, or the command that detached it. */
export interface UpHost {
  readonly terminal: Terminal;
  /** All are ready. */
  readonly ready: () => void;
}

/** Builds and starts everything, and stays until it is told to end. Answers the exit code. */
export async function up(options: UpOptions, { terminal, ready }: UpHost): Promise<number> {
  const { dataDir, port } = options;
  await takeOver(dataDir, terminal);
  const redis = await prepareRedis(options, terminal);
  const secrets = devSecrets(dataDir);
  const plan = planOf({
    ...options,
    ...secrets,
    redisUrl: redis?.url ?? process.env['REDIS_URL'] ?? '',
    logLevel: process.env['LOG_LEVEL'] ?? 'info',
  });
  await assertFree([...plan.ports, ...(redis ? [redisPort(port)] : [])], `./dev up --port ${port + 200}`);
  await build(terminal);
  if (options.settingsDir !== undefined) makeSettings(options.settingsDir, plan);
  rotateLogs(dataDir);
  return run(plan, redis, options, { terminal, ready });
}

async function takeOver(dataDir: string, terminal: Terminal): Promise<void> {
  const state = readState(dataDir);
  if (!state) return;
  const running = survivors(state);
  if (running.includes('./dev up')) {
    throw new UserError(`It runs already: ${state.origin} (./dev status shows what, ./dev down ends it).`);
  }
  if (running.length === 0) return;
  await terminal.step(`Ending what an earlier run left behind: ${running.join(', ')}`, () =>
    endLeftovers(state),
  );
}

async function prepareRedis(
  { port, dataDir }: UpOptions,
  terminal: Terminal,
): Promise<ServiceSpec | undefined> {
  const given = process.env['REDIS_URL'];
  if (given) {
    await assertReachable(given);
    return undefined;
  }
  return redisSpec(
    ensureRedisServer((line) => terminal.line(line)),
    redisPort(port),
    dataDir,
  );
}

/** Every process has its file, be it empty. */
function makeSettings(folder: string, { services }: Plan): void {
  mkdirSync(folder, { recursive: true });
  for (const { name } of services) closeSync(openSync(settingsFile(folder, name), 'a'));
}

async function build(terminal: Terminal): Promise<void> {
  let done = 0;
  const run = await terminal.step(
    `Building the ${APPS.length} services and the SDK`,
    (say) =>
      runNx(['run-many', '-t', 'build', '-p', [...APPS, 'client'].join(',')], () =>
        say(`Building, ${++done} of ${APPS.length + 1} done`),
      ),
    ({ exitCode }) => exitCode === 0,
  );
  if (run.exitCode === 0) return;
  const failed = run.results.filter((result) => !result.ok);
  for (const { task, output } of failed) terminal.line(`${task}\n${output}`);
  if (failed.length === 0) terminal.line(run.output);
  throw new UserError('The services could not be built; nothing was started.');
}

async function run(
  plan: Plan,
  redis: ServiceSpec | undefined,
  { dataDir, whilePid }: UpOptions,
  { terminal, ready }: UpHost,
): Promise<number> {
  let started = false;
  let tell: (line: string) => void = () => undefined;
  const stages = stagesOf(plan, redis, dataDir);
  const total = stages.startOrder.flat().length;
  let count = 0;
  const supervisor = new Supervisor({
    ...stages,
    origin: plan.origin,
    dataDir,
    onEvent: (event) => {
      const line = eventLine(event);
      if (started && line) terminal.line(line);
      if (!started && event.kind === 'ready')
        tell(`Starting: ${++count} of ${total} ready, last ${event.name}`);
    },
  });

  const told = untilToldToEnd(() => supervisor.kill());
  const end = whilePid === undefined ? told : Promise.race([told, untilGone(whilePid)]);
  const starting = terminal.step(`Starting ${total} processes`, async (say) => {
    tell = say;
    await supervisor.start();
  });
  const outcome = await Promise.race([starting.then(() => 'started' as const, asStartFailure), end]);
  if (outcome instanceof StartFailure) {
    throw new UserError(
      `${outcome.service} did not start: ${outcome.reason} (./dev logs ${outcome.service})`,
    );
  }
  if (outcome === 'started') {
    started = true;
    whatNow(plan, redis, dataDir).forEach((line) => terminal.line(line));
    ready();
    await end;
  } else {
    starting.catch(() => undefined);
  }
  started = false;
  await terminal.step('Ending all of it', () => supervisor.stop());
  return 0;
}

function asStartFailure(error: unknown): StartFailure {
  if (error instanceof StartFailure) return error;
  throw error;
}

/** Resolves at the first Ctrl-C or `./dev down`; the second one waits for nobody. */
function untilToldToEnd(impatient: () => void): Promise<void> {
  return new Promise((resolve) => {
    let times = 0;
    const tell = (): void => {
      times += 1;
      if (times === 1) resolve();
      if (times === 2) impatient();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, tell);
  });
}
