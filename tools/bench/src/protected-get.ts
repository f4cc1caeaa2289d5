import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedisServer, until } from '@state-server/testing';
import { cpuSecondsOf } from './cpu';
import type { Figure } from './figure';
import { HttpLoad } from './load/http-load';
import { addressOf } from './load/session';
import { type RunningServer, withProgram } from './servers/start';

const PROGRAM = 'apps/api-gateway/src/protected-get.bench.ts';
const SECONDS = 2;
const ROUNDS = 9;
/** Before the first round, for each of the two: a server compiles what it does often. */
const WARM_UP_REQUESTS = 40_000;
const WARM_UP_MS = 120_000;

/** GET /object/{id} of api-gateway with tokens, revocation and limits kept together by way of Redis, against the same without. */
export async function protectedGet(say: (text: string) => void): Promise<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const redis = await startRedisServer();
  const env = (name: string) => ({ REDIS_URL: redis.url, STORE_PATH: join(folder, name) });
  try {
    return await withProgram(PROGRAM, ['protected'], env('protected'), (ours) =>
      withProgram(PROGRAM, ['open'], env('open'), (theirs) => compare(ours, theirs, say)),
    );
  } finally {
    await redis.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(
  ours: RunningServer,
  theirs: RunningServer,
  say: (text: string) => void,
): Promise<Figure> {
  const [our, their] = [await open(ours), await open(theirs)];
  // Once any request of a process ran in a context, Node follows all of its promises: as in any gateway that is at work.
  for (const { port } of [ours, theirs]) await fetch(`http://127.0.0.1:${port}/nowhere`);
  for (const loads of [our, their]) await warmUp(loads);
  const figures = { ours: [] as number[], theirs: [] as number[] };
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`protected GET, round ${round} of ${ROUNDS}`);
    // In turn, and in turn who is first: a machine whose speed drifts does not decide.
    const measureOurs = async (): Promise<void> => void figures.ours.push(await cpuOfRequest(ours.pid, our));
    const measureTheirs = async (): Promise<void> =>
      void figures.theirs.push(await cpuOfRequest(theirs.pid, their));
    const inTurn = [measureOurs, measureTheirs];
    for (const measure of round % 2 === 0 ? inTurn : inTurn.reverse()) await measure();
  }
  for (const load of [...our, ...their]) load.close();
  return {
    name: 'GET /object/{id} by REST with token, revocation and limits (told to Redis); at most 1.25',
    unit: 'µs of the server’s CPU for one request',
    peer: 'the same door of the same app over the same store, with nobody asked who he is and how often he came',
    ...figures,
  };
}

async function open({ port, send, answer }: RunningServer): Promise<HttpLoad[]> {
  const asked = answer();
  send({ what: 'path and tokens' });
  const { path, tokens } = (await asked) as { readonly path: string; readonly tokens: readonly string[] };
  return Promise.all(
    tokens.map((token, index) => {
      const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
      return HttpLoad.open({ port, from: addressOf(index), path, headers });
    }),
  );
}

const answeredBy = (loads: readonly HttpLoad[]): number =>
  loads.reduce((sum, load) => sum + load.answered, 0);

async function warmUp(loads: readonly HttpLoad[]): Promise<void> {
  for (const load of loads) load.start();
  await until(() => answeredBy(loads) >= WARM_UP_REQUESTS, {
    timeoutMs: WARM_UP_MS,
    what: 'the server is warm',
  });
  await Promise.all(loads.map((load) => load.stop()));
}

async function cpuOfRequest(pid: number, loads: readonly HttpLoad[]): Promise<number> {
  const before = { answered: answeredBy(loads), cpu: cpuSecondsOf(pid) };
  for (const load of loads) load.start();
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
  await Promise.all(loads.map((load) => load.stop()));
  return ((cpuSecondsOf(pid) - before.cpu) * 1e6) / (answeredBy(loads) - before.answered);
}
