import { type Client, createClient } from '@state-server/client';
import { asBraneId } from '@state-server/domain';
import { until } from '@state-server/testing';
import { WebSocket } from 'ws';
import { clockOff, TEN_MINUTES_MS } from './clock.faults';
import { reportUnknownJob } from './support/callbacks';
import { FaultSystem } from './support/fault-system';
import { Load } from './support/load';
import { note } from './support/report';
import { readLog } from './support/log-checks';
import { revokeOne } from './support/revoked';

describe('the clock of one service is 10 min off, under load', () => {
  let system: FaultSystem;
  const clients: Client[] = [];
  beforeAll(async () => {
    system = await FaultSystem.start();
  });
  afterEach(() => {
    Load.closeAll();
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(() => system.stop());

  function newClient(options: { readonly webSocketUrl?: string; readonly attempts?: number } = {}): Client {
    const client = createClient({ origin: system.origin, WebSocket, ...options });
    clients.push(client);
    return client;
  }

  /** What its gauge says, in seconds. */
  async function gauge(service: string, metric: string): Promise<number> {
    const page = await system.metrics(service);
    return Number(new RegExp(`^${metric}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(page)?.[1]);
  }

  it('a gateway ahead: the times of the log never go back, not even when its clock is right again (L4)', async () => {
    const load = await Load.start(system, { via: 'gateways' });
    const [brane] = load.branes;
    const [owner] = load.editors;
    if (!brane || !owner) throw new Error('a load has a brane and an editor');
    load.mark();
    const fault = clockOff('sync-gateway-1', TEN_MINUTES_MS);
    await system.restartWith('sync-gateway-1', { CLOCK_OFFSET_MS: String(TEN_MINUTES_MS) });
    // Its clients come back in their own time, and edit through it.
    const skew = await until(
      async () => {
        const seconds = await gauge('sync-gateway-2', 'commit_clock_skew_seconds');
        return seconds > 0 && seconds;
      },
      { timeoutMs: 30_000, everyMs: 100, what: 'the other writer to meet times of the future' },
    );
    await system.restartWith('sync-gateway-1', {});
    await load.finish({ fault: fault.name });
    expect(skew).toBeGreaterThan(590);
    expect(skew).toBeLessThan(610);
    // Once in ten seconds, not with every commit.
    expect(system.logged('sync-gateway-2', 'brane.commit.clock_skew').length).toBeLessThan(10);
    const log = await readLog(owner.client, brane);
    expect(Date.parse(log.at(-1)?.at ?? '') - Date.now()).toBeGreaterThan(TEN_MINUTES_MS - 60_000);
  });

  it('a gateway behind: it takes nobody in and says why, everybody is served by the other (L4, ID1)', async () => {
    const load = await Load.start(system, { via: 'origin' });
    load.mark();
    const fault = clockOff('sync-gateway-2', -TEN_MINUTES_MS);
    await system.restartWith('sync-gateway-2', { CLOCK_OFFSET_MS: String(-TEN_MINUTES_MS) });
    const direct = newClient({ webSocketUrl: system.gatewaySocket(1) });
    const errors: string[] = [];
    direct.events.on('error', ({ code }) => errors.push(code));
    await direct.signInDev('Directly');
    direct.connect();
    await until(() => errors.length > 0);
    expect(new Set(errors)).toEqual(new Set(['clock.skew']));
    expect(direct.status.state).not.toBe('closed');
    expect(await gauge('sync-gateway-2', 'auth_clock_skew_seconds')).toBeGreaterThan(590);
    const began = performance.now();
    await Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        const guest = newClient();
        await guest.signInDev(`Guest ${index}`);
        const { id } = await guest.rest.createBrane({ name: 'through the origin' });
        await guest.join(asBraneId(id));
      }),
    );
    note(`  6 users came in through the origin within ${seconds(performance.now() - began)}`);
    await system.restartWith('sync-gateway-2', {});
    await until(() => direct.status.state === 'open', { timeoutMs: 20_000 });
    await load.finish({ fault: fault.name, tolerates: (complaint) => complaint.includes('clock.skew') });
  });

  it('auth ahead: new tokens are refused with one clear error, who is signed in goes on (L4, ID1)', async () => {
    const load = await Load.start(system, { via: 'origin' });
    const fault = clockOff('auth', TEN_MINUTES_MS);
    load.mark();
    await system.restartWith('auth', { CLOCK_OFFSET_MS: String(TEN_MINUTES_MS) });
    const late = newClient({ attempts: 1 });
    await late.signInDev('Too early');
    await expect(late.rest.me()).rejects.toMatchObject({ code: 'clock.skew', status: 503 });
    expect(await gauge('api-gateway', 'auth_clock_skew_seconds')).toBeGreaterThan(590);
    await system.restartWith('auth', {});
    await late.signInDev('Too early');
    expect((await late.rest.me()).name).toBe('Too early');
    await load.finish({ fault: fault.name });
  });

  it('auth behind: tokens are good, for a shorter while, and end at once when they are revoked (L4, ID6)', async () => {
    const load = await Load.start(system, { via: 'origin' });
    const fault = clockOff('auth', -TEN_MINUTES_MS);
    load.mark();
    await system.restartWith('auth', { CLOCK_OFFSET_MS: String(-TEN_MINUTES_MS) });
    const times = await revokeOne(system);
    expect(Math.max(times.restMs, ...times.socketMs)).toBeLessThan(2_000);
    await system.restartWith('auth', {});
    await load.finish({ fault: fault.name });
  });

  it.each([TEN_MINUTES_MS, -TEN_MINUTES_MS])(
    'callback-ingest off by %d ms: a genuine callback is refused with one clear error (L4, CB1)',
    async (offsetMs) => {
      const load = await Load.start(system);
      const fault = clockOff('callback-ingest', offsetMs);
      load.mark();
      expect(await reportUnknownJob(system)).toEqual({ status: 404, code: 'callback.job_unknown' });
      await system.restartWith('callback-ingest', { CLOCK_OFFSET_MS: String(offsetMs) });
      expect(await reportUnknownJob(system)).toEqual({ status: 503, code: 'clock.skew' });
      const skew = await gauge('callback-ingest', 'callback_clock_skew_seconds');
      expect(Math.abs(skew + offsetMs / 1_000)).toBeLessThan(10);
      await system.restartWith('callback-ingest', {});
      expect(await reportUnknownJob(system)).toEqual({ status: 404, code: 'callback.job_unknown' });
      await load.finish({ fault: fault.name });
    },
  );
});

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
