import type * as FastCheck from 'fast-check';
import type { Parameters, Plugin, RunDetails } from 'fast-check';

/** Of every fuzz test in a plain test run, so that it is the same each time. */
const USUAL_SEED = 20_260_101;
/** What a plain test run spends on one fuzz test at most, however slow the machine is. */
const SHORT_MS = 5_000;
/** For what comes before and after the runs. */
const SLACK_MS = 30_000;

/** Where a fuzz test stands; `expect.getState()` of Jest has it. */
export interface FuzzPlace {
  readonly testPath?: string;
  readonly currentTestName?: string;
}

export interface FuzzBudget {
  /** For Jest: how long one test may take. */
  readonly timeoutMs: number;
  /** For `fc.assert`. `runs`: how often in a plain test run; with FUZZ_SECONDS it goes on until they are over. */
  parameters<Ts>(runs: number): Parameters<Ts>;
}

/**
 * How long fuzz tests run, and from which seed. FUZZ_SECONDS: so long for each test, from a seed of its own. FUZZ_SEED and FUZZ_PATH
 * replay: a failure says them, with the shrunk counterexample, as one command.
 * @param config the project's Jest configuration, from the workspace's root
 */
export function fuzzBudget(
  fastCheck: Pick<typeof FastCheck, 'interruptAfterTimeLimit'>,
  config: string,
  place: () => FuzzPlace,
  env: Readonly<Record<string, string | undefined>> = process.env,
): FuzzBudget {
  const seconds = Number(env['FUZZ_SECONDS'] ?? 0);
  const limitMs = seconds > 0 ? seconds * 1_000 : SHORT_MS;
  const seed = Number(env['FUZZ_SEED'] ?? (seconds > 0 ? Date.now() % 2 ** 31 : USUAL_SEED));
  const path = env['FUZZ_PATH'];
  return {
    timeoutMs: limitMs + SLACK_MS,
    parameters: <Ts>(runs: number): Parameters<Ts> => ({
      seed,
      ...(path === undefined ? {} : { path, endOnFailure: true }),
      numRuns: seconds > 0 ? Number.MAX_SAFE_INTEGER : runs,
      plugins: [
        // It looks at no value, whatever their type.
        fastCheck.interruptAfterTimeLimit(limitMs) as Plugin<Ts>,
        () => ({ onAllRunsComplete: (details) => report(details, config, place()) }),
      ],
    }),
  };
}

function report<Ts>(details: RunDetails<Ts>, config: string, place: FuzzPlace): void {
  if (!details.failed) return;
  const { seed, counterexamplePath, counterexample, errorInstance, numShrinks } = details;
  const test = (place.currentTestName ?? '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const file = place.testPath?.replace(/^.*\//, '') ?? '';
  const cause =
    errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance);
  throw new Error(
    [
      `after ${details.numRuns} runs and ${numShrinks} shrinks:`,
      counterexample === null ? 'no counterexample: too much was passed over' : show(counterexample),
      '',
      'Replay:',
      `FUZZ_SEED=${seed} FUZZ_PATH=${counterexamplePath ?? ''} npx jest -c ${config} ${file} -t '${test.replaceAll("'", "'\\''")}'`,
      '',
      cause,
    ].join('\n'),
    { cause: errorInstance },
  );
}

/** A counterexample to read and to paste: bytes in hexadecimal, integers beyond 2^53 and what JSON has not by name. */
function show(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_key, field: unknown) => {
      if (field instanceof Uint8Array) return `hex ${Buffer.from(field).toString('hex')}`;
      if (field instanceof Float32Array) return [...field].map(String);
      if (typeof field === 'bigint') return `${field}n`;
      if (field === undefined || (typeof field === 'number' && !Number.isFinite(field))) return String(field);
      return field;
    },
    2,
  );
  return text.length > 20_000 ? `${text.slice(0, 20_000)} …` : text;
}
