import { cpuSecondsOf } from './cpu';
import type { Figure } from './figure';
import { HttpLoad } from './load/http-load';
import { addressOf, newBrane, signIn } from './load/session';
import { pidOf, withSystem } from './load/system';
import { withServer } from './servers/start';

/** Each with a user and an address of its own: the limits are those of the installation, and on. */
const CONNECTIONS = 64;
const SECONDS = 3;
const ROUNDS = 3;

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
      // The first round of each is not counted: a server compiles its code once.
      for (let round = 0; round <= ROUNDS; round += 1) {
        say(`GET /object, round ${round} of ${ROUNDS}`);
        const [our, their] = [
          await requestsPerCpuSecond(pidOf(api), ours),
          await requestsPerCpuSecond(bare.pid, theirs),
        ];
        if (round === 0) continue;
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

async function requestsPerCpuSecond(pid: number, loads: readonly HttpLoad[]): Promise<number> {
  const answered = (): number => loads.reduce((sum, load) => sum + load.answered, 0);
  const before = { answered: answered(), cpu: cpuSecondsOf(pid) };
  for (const load of loads) load.start();
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
  await Promise.all(loads.map((load) => load.stop()));
  return (answered() - before.answered) / (cpuSecondsOf(pid) - before.cpu);
}
