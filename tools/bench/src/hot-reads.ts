import { cpuSecondsOf } from './cpu';
import type { Figure } from './figure';
import { HttpLoad } from './load/http-load';
import { addressOf } from './load/session';
import { type RunningServer, withServer } from './servers/start';

const SECONDS = 3;
const ROUNDS = 3;
const WARM_UP_ROUNDS = 1;
/** As few as a page that reads one thing after the other, and as many as keep the process busy. */
const LOADS = [8, 64] as const;

/** GET /object/{id} with the store a millisecond away: from the cache, against the same without it. */
export async function hotReads(say: (text: string) => void): Promise<readonly Figure[]> {
  return withServer('object-reads-cached', (cached) =>
    withServer('object-reads-uncached', async (uncached) => {
      const figures: Figure[] = [];
      for (const connections of LOADS) {
        const [ours, theirs] = [await open(cached, connections), await open(uncached, connections)];
        const rate = { ours: [] as number[], theirs: [] as number[] };
        const cpu = { ours: [] as number[], theirs: [] as number[] };
        for (let round = 1 - WARM_UP_ROUNDS; round <= ROUNDS; round += 1) {
          say(`hot reads, ${connections} connections, round ${round} of ${ROUNDS}`);
          const [our, their] = [await measure(cached, ours), await measure(uncached, theirs)];
          if (round < 1) continue;
          rate.ours.push(our.perSecond);
          rate.theirs.push(their.perSecond);
          cpu.ours.push(our.perCpuSecond);
          cpu.theirs.push(their.perCpuSecond);
        }
        for (const load of [...ours, ...theirs]) load.close();
        const name = `GET /object/{id}, hot, store 1 ms away, ${connections} connections`;
        const peer = 'the same door without the cache';
        figures.push({ name, unit: 'requests per second', peer, ...rate });
        figures.push({ name, unit: 'requests per CPU-second of the server', peer, ...cpu });
      }
      return figures;
    }),
  );
}

async function open({ port, send, answer }: RunningServer, connections: number): Promise<HttpLoad[]> {
  const asked = answer();
  send({ what: 'object' });
  const path = `/object/${String(await asked)}`;
  const headers = { accept: 'application/json' };
  const from = Array.from({ length: connections }, (_, index) => addressOf(index));
  return Promise.all(from.map((address) => HttpLoad.open({ port, from: address, path, headers })));
}

async function measure({ pid }: RunningServer, loads: readonly HttpLoad[]) {
  const answered = (): number => loads.reduce((sum, load) => sum + load.answered, 0);
  const before = { answered: answered(), cpu: cpuSecondsOf(pid), at: performance.now() };
  for (const load of loads) load.start();
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
  await Promise.all(loads.map((load) => load.stop()));
  const requests = answered() - before.answered;
  return {
    perSecond: (requests * 1_000) / (performance.now() - before.at),
    perCpuSecond: requests / (cpuSecondsOf(pid) - before.cpu),
  };
}
