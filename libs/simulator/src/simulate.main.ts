import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Coverage } from './coverage';
import { KINDS, type Kind, type Plan, planOf, type PlanOptions, replayCommand } from './plan';
import { shrink } from './shrink';
import { type Outcome, simulate } from './simulate';

const USAGE = `usage: nx run realtime:simulate [--seeds=500] [--from=1] [--isolation=weak|strict] [--workers=N] [--keep-going]
       nx run realtime:simulate --seed=N [--isolation=…] [--gateways=N] [--clients=N] [--steps=N] [--kinds=a,b|none] [--trace]`;

/** Ms between two lines of progress. */
const PROGRESS_MS = 5_000;
/** Seeds that a worker is given at a time. */
const CHUNK = 10;

interface Failure {
  readonly seed: number;
  readonly message: string;
}

interface Report {
  readonly seeds: number;
  readonly events: number;
  readonly coverage: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

type Flags = ReturnType<typeof flagsOf>;

function flagsOf(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string', default: '500' },
      from: { type: 'string', default: '1' },
      isolation: { type: 'string' },
      gateways: { type: 'string' },
      clients: { type: 'string' },
      steps: { type: 'string' },
      kinds: { type: 'string' },
      workers: { type: 'string' },
      trace: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

function planOptions(flags: Flags): PlanOptions {
  const number = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : Number(text);
  const isolation =
    flags.isolation === undefined ? undefined : flags.isolation === 'strict' ? 'strict' : 'weak';
  return {
    isolation,
    gateways: number(flags.gateways),
    clients: number(flags.clients),
    steps: number(flags.steps),
    kinds: flags.kinds === undefined ? undefined : kindsOf(flags.kinds),
  };
}

function kindsOf(list: string): ReadonlySet<Kind> {
  const names = list === 'none' ? [] : list.split(',');
  const unknown = names.find((name) => !KINDS.some((kind) => kind === name));
  if (unknown !== undefined) throw new Error(`there is no kind "${unknown}"; there are ${KINDS.join(', ')}`);
  return new Set(KINDS.filter((kind) => names.includes(kind)));
}

/** One seed, as it is; with `--trace` every event of it. */
async function replay(flags: Flags, seed: number): Promise<number> {
  const plan = planOf(seed, planOptions(flags));
  say(describePlan(plan));
  const onStep = (now: number, label: string): void => say(`${now.toFixed(2).padStart(10)}  ${label}`);
  const outcome = await simulate(plan, flags.trace ? { onStep } : {});
  say(`${outcome.events} events, ${Math.round(outcome.simulatedMs)} ms simulated, trace ${outcome.trace}`);
  say(outcome.violation ? outcome.violation.message : 'nothing went wrong');
  return outcome.violation ? 1 : 0;
}

function describePlan({ seed, isolation, gateways, clients, steps, kinds }: Plan): string {
  return `seed ${seed} (${isolation}): ${gateways} gateways, ${clients} clients, ${steps} steps; ${[...kinds].join(' ')}`;
}

/** In a worker: runs the seeds that it is told, until it is told no more. */
function beWorker(flags: Flags): void {
  const options = planOptions(flags);
  process.on('message', (seeds: readonly number[]) => {
    void runAll(seeds, options).then((report) => process.send?.(report));
  });
  process.send?.('ready');
}

async function runAll(seeds: readonly number[], options: PlanOptions): Promise<Report> {
  const coverage = new Coverage();
  const failures: Failure[] = [];
  let events = 0;
  for (const seed of seeds) {
    const outcome = await simulate(planOf(seed, options));
    coverage.add(outcome.coverage);
    events += outcome.events;
    if (outcome.violation) failures.push({ seed, message: outcome.violation.message });
  }
  return { seeds: seeds.length, events, coverage: coverage.toJSON(), failures };
}

/** All seeds, on all cores. */
async function runMany(flags: Flags): Promise<number> {
  const from = Number(flags.from);
  const count = Number(flags.seeds);
  const workers = Number(flags.workers ?? availableParallelism());
  const started = performance.now();
  const coverage = new Coverage();
  const failures: Failure[] = [];
  let next = from;
  let done = 0;
  let events = 0;
  let lastLine = started;
  const progress = (): void => {
    const seconds = (performance.now() - started) / 1_000;
    const rate = done / seconds;
    const left = Math.round((count - done) / Math.max(rate, 0.001));
    say(`${done} of ${count} seeds, ${failures.length} failed, ${rate.toFixed(1)} seeds/s, ${left} s left`);
    lastLine = performance.now();
  };
  const take = (): number[] => {
    if (failures.length > 0 && !flags['keep-going']) return [];
    const size = Math.max(0, Math.min(CHUNK, from + count - next));
    const seeds = Array.from({ length: size }, (_, index) => next + index);
    next += size;
    return seeds;
  };
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(process.argv[1] ?? '', process.argv.slice(2), {
        env: { ...process.env, SIMULATE_WORKER: '1' },
      });
      child.on('message', (message: 'ready' | Report) => {
        if (message !== 'ready') {
          done += message.seeds;
          events += message.events;
          coverage.add(Coverage.from(message.coverage));
          failures.push(...message.failures);
          if (performance.now() - lastLine > PROGRESS_MS) progress();
        }
        const seeds = take();
        if (seeds.length > 0) child.send(seeds);
        else child.disconnect();
      });
      child.on('error', reject);
      child.on('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`a worker ended with ${code ?? 'a signal'}`)),
      );
    });
  await Promise.all(Array.from({ length: workers }, work));
  progress();
  say(`${events} events; met: ${JSON.stringify(coverage)}`);
  const blind = coverage.blind();
  if (blind.length > 0) say(`never met: ${blind.join(', ')}`);
  failures.sort((one, other) => one.seed - other.seed);
  for (const { seed, message } of failures) say(`seed ${seed}: ${message}`);
  const [first] = failures;
  if (first) await explain(planOf(first.seed, planOptions(flags)));
  return failures.length > 0 ? 1 : 0;
}

/** Makes the failing run smaller, and says how to see it. */
async function explain(plan: Plan): Promise<void> {
  const outcome: Outcome = await simulate(plan);
  const { violation } = outcome;
  if (!violation) {
    say(`seed ${plan.seed} does not fail again: the simulator itself is not deterministic`);
    return;
  }
  say(`making seed ${plan.seed} smaller …`);
  const smallest = await shrink({ ...outcome, violation });
  say(describePlan(smallest.plan));
  say(smallest.violation.message);
  say(`replay it:\n  ${replayCommand(smallest.plan)}`);
}

async function main(): Promise<void> {
  const flags = flagsOf(process.argv.slice(2));
  process.on('unhandledRejection', (error) => {
    say(`a promise was rejected and nobody looked: ${describe(error)}`);
    process.exit(1);
  });
  if (process.env['SIMULATE_WORKER'] === '1') beWorker(flags);
  else if (flags.help) say(USAGE);
  else if (flags.seed !== undefined) process.exitCode = await replay(flags, Number(flags.seed));
  else process.exitCode = await runMany(flags);
}

void main().catch((error: unknown) => {
  say(`${describe(error)}\n${USAGE}`);
  process.exitCode = 2;
});
