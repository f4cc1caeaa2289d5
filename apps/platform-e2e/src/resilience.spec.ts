import { until } from '@state-server/testing';
import {
  closeClients,
  gateways,
  gatewaySocket,
  newBrane,
  origin,
  service,
  signIn,
  userOf,
} from './support/platform';
import { system } from './support/processes';

describe('a process is killed', () => {
  afterEach(closeClients);

  it('and a client resumes on its gateway by replay, with nothing lost, doubled or out of order (R1, I1, I2)', async () => {
    const ada = await signIn('Ada', { webSocketUrl: gatewaySocket(0) });
    const bob = await signIn('Bob', { webSocketUrl: gatewaySocket(1) });
    const id = await newBrane(ada);
    await ada.rest.setMember(id, userOf(bob), 'editor');
    const [here, there] = [await ada.join(id), await bob.join(id)];
    const from = there.position?.seq ?? 0;
    const victim = gateways()[0];
    if (!victim) throw new Error('no gateway');
    for (let index = 0; index < 40; index += 1) {
      here.create({ kind: 'block', parent_id: id, name: `a${index}` });
      there.create({ kind: 'block', parent_id: id, name: `b${index}` });
      if (index === 20) await system.kill(victim.name);
    }
    await Promise.all([here.whenSaved(), there.whenSaved()]);
    await until(() => here.position?.seq === from + 80 && there.position?.seq === from + 80, {
      timeoutMs: 20_000,
    });
    expect(here.stats.joins).toBeGreaterThan(1);
    expect(here.stats.snapshots).toBe(1);
    const log = await wholeLog(ada, id);
    expect(log.map((entry) => entry.seq)).toEqual(
      Array.from({ length: log.length }, (_, index) => index + 1),
    );
    expect(new Set(log.map((entry) => entry.op_id)).size).toBe(log.length);
    expect([...here.confirmed.children(id)]).toEqual([...there.confirmed.children(id)]);
    expect(here.confirmed.children(id)).toHaveLength(80);
  });

  it('and everything acknowledged is there after all of them were (WRITE-1, STORE-4)', async () => {
    const ada = await signIn('Ada');
    const id = await newBrane(ada);
    const brane = await ada.join(id);
    for (let index = 0; index < 20; index += 1) brane.create({ kind: 'block', parent_id: id });
    await brane.whenSaved();
    for (const name of [
      'api-gateway',
      'sync-gateway-1',
      'sync-gateway-2',
      'auth',
      'jobs-runner',
      'callback-ingest',
    ]) {
      await system.kill(name);
    }
    await until(async () => (await ada.rest.snapshot(id)).objects.length === 21, { timeoutMs: 30_000 });
    await until(() => brane.live, { timeoutMs: 30_000 });
    await brane.create({ kind: 'block', parent_id: id }).saved;
  });

  it('and its supervisor starts it again, under another pid', async () => {
    const before = (await system.service('callback-ingest')).pid;
    await system.kill('callback-ingest');
    const after = await until(
      async () => {
        const now = await system.service('callback-ingest');
        return now.ready && now.pid !== before && now;
      },
      { timeoutMs: 20_000 },
    );
    expect(after.pid).not.toBeNull();
    expect(service('callback-ingest').url).toBe(after.url);
    expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:/);
  });
});

interface Entry {
  readonly seq: number;
  readonly op_id: string;
}

async function wholeLog(
  client: Awaited<ReturnType<typeof signIn>>,
  id: Awaited<ReturnType<typeof newBrane>>,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (;;) {
    const after = entries.at(-1)?.seq ?? 0;
    const page = (await client.rest.history(id, { after, limit: 200 })).items as Entry[];
    if (page.length === 0) return entries;
    entries.push(...page);
  }
}
