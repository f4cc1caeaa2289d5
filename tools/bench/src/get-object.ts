import { until } from '@state-server/testing';
import { cpuSecondsOf } from './cpu';
import type { Figure } from './figure';
import { HttpLoad } from './load/http-load';
import { addressOf, newBrane, signIn } from './load/session';
import { pidOf, withSystem } from './load/system';
import { withServer } from './servers/start';

/** Each with a user and an address of its own: the limits are those of the installation, and on. */
const CONNECTIONS = 64;
const SECONDS = 3;
/** Before the first round, for each of the two. */
const WARM_UP_REQUESTS = 40_000;
const ROUNDS = 3;
const WARM_UP_MS = 60_000;

/** One object by REST, signed in, against a bare Fastify route that reads the same record from lmdb. */
export async function getObject(say: (text: string) => void): Promise<Figure> {
  return withSystem(({ origin, api }) =>
    withServer('bare-http', async (bare) => {
      const tokens: string[] = [];
      for (let user = 0; user < CONNECTIONS; user += 1) {
        tokens.push(await signIn(origin, `Reader ${user}`, addressOf(user)));
      }
      const { objectId } = await newBrane(origin, tokens[0] ?? '');
      const path = `/object/${objectId}`;
      const open = (port: number): Promise<HttpLoad[]> =>
        Promise.all(
          tokens.map((token, index) => {
            const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
            return HttpLoad.open({ port, from: addressOf(index), path, headers });
          }),
        );
      const ours = await open(Number(new URL(origin).port));
      const [first] = ours;
      first?.start();
      await first?.stop();
      await store(bare.port, path, first?.body ?? '');
      const theirs = await open(bare.port);
      const results = { ours: [] as number[], theirs: [] as number[] };
      // A server compiles what it does often; the faster one has done it sooner, so it is requests that are counted.
      for (const loads of [ours, theirs]) await warmUp(loads);
      for (let round = 1; round <= ROUNDS; round += 1) {
        say(`GET /object, round ${round} of ${ROUNDS}`);
        const [our, their] = [
          await requestsPerCpuSecond(pidOf(api), ours),
          await requestsPerCpuSecond(bare.pid, theirs),
        ];
        results.ours.push(our);
        results.theirs.push(their);
      }
      for (const load of [...ours, ...theirs]) load.close();
      return {
        name: `GET /object/{id} by REST, ${CONNECTIONS} signed-in users, access log, revocation and limits on`,
        unit: 'requests per CPU-second of the server',
        peer: 'bare Fastify route that reads the same record from lmdb, with none of that',
        ...results,
      };
    }),
  );
}

async function store(port: number, path: string, body: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body,
  });
  if (!answer.ok) throw new Error(`the peer does not take the record: ${await answer.text()}`);
}

async function warmUp(loads: readonly HttpLoad[]): Promise<void> {
  for (const load of loads) load.start();
  await until(() => answeredBy(loads) >= WARM_UP_REQUESTS, {
    timeoutMs: WARM_UP_MS,
    what: 'the server is warm',
  });
  await Promise.all(loads.map((load) => load.stop()));
}

function answeredBy(loads: readonly HttpLoad[]): number {
  return loads.reduce((sum, load) => sum + load.answered, 0);
}

async function requestsPerCpuSecond(pid: number, loads: readonly HttpLoad[]): Promise<number> {
  const before = { answered: answeredBy(loads), cpu: cpuSecondsOf(pid) };
  for (const load of loads) load.start();
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
  await Promise.all(loads.map((load) => load.stop()));
  return (answeredBy(loads) - before.answered) / (cpuSecondsOf(pid) - before.cpu);
}
