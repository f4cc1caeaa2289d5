import { createFakeEnvironment } from '@state-server/testing';
import { silentLogger } from '../log';
import { type Check, Health } from './health';

function world(checks: Record<string, Check> = {}) {
  const environment = createFakeEnvironment();
  const health = new Health({ service: 's', environment, log: silentLogger() });
  for (const [name, check] of Object.entries(checks)) health.register(name, check);
  return { environment, health };
}

describe('readiness (PLAT-10)', () => {
  it('comes after the start and goes with the end', async () => {
    const { health } = world();
    expect([health.startup().ok, (await health.ready()).ok, health.live().ok]).toEqual([false, false, true]);
    health.started();
    expect([health.startup().ok, (await health.ready()).body]).toEqual([
      true,
      { status: 'ok', service: 's', checks: {} },
    ]);
    health.drain();
    expect(await health.ready()).toMatchObject({ ok: false, body: { status: 'draining' } });
    expect([health.startup().ok, health.live().ok]).toEqual([true, true]);
    health.started();
    expect((await health.ready()).ok).toBe(false);
  });

  it('survives what only makes the service slower, and not what it cannot work without (F2)', async () => {
    let store: 'ok' | 'away' = 'ok';
    const { environment, health } = world({
      bus: () => ({ status: 'degraded', message: 'Redis is away.' }),
      store: () => {
        if (store === 'away') throw new Error('secret path /var/x');
      },
    });
    health.started();
    expect(await health.ready()).toEqual({
      ok: true,
      body: {
        status: 'ok',
        service: 's',
        checks: { bus: { status: 'degraded', message: 'Redis is away.' }, store: { status: 'ok' } },
      },
    });
    store = 'away';
    await environment.advance(250);
    const report = await health.ready();
    expect(report).toMatchObject({ ok: false, body: { status: 'unavailable' } });
    expect(JSON.stringify(report.body)).not.toContain('/var/x');
  });

  it('does not wait for a check that hangs', async () => {
    const { environment, health } = world({ hangs: () => new Promise(() => undefined) });
    health.started();
    const report = health.ready();
    await environment.advance(1_000);
    expect((await report).body.checks).toEqual({
      hangs: { status: 'unavailable', message: 'It does not answer.' },
    });
  });

  it('asks its checks at most four times a second, however often it is asked', async () => {
    let asked = 0;
    const { environment, health } = world({ counts: () => void (asked += 1) });
    health.started();
    await Promise.all([health.ready(), health.ready()]);
    await environment.advance(249);
    await health.ready();
    expect(asked).toBe(1);
    await environment.advance(1);
    await health.ready();
    expect(asked).toBe(2);
  });

  it('has one check of a name', () => {
    const { health } = world({ a: () => undefined });
    expect(() => health.register('a', () => undefined)).toThrow('already');
  });
});
