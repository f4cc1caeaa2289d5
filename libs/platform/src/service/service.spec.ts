import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createFakeEnvironment, until } from '@state-server/testing';
import { closeDoors, startDoors, testService } from '../http/http.spec-support';
import { PortBusyError } from '../http/start-http-service';

describe('the end of a service (PLAT-11)', () => {
  it('is in order: not ready, a pause, accepting stops, what was opened last is closed first', async () => {
    const environment = createFakeEnvironment();
    const service = testService({ environment, env: { DRAIN_DELAY_MS: '500' } });
    const steps: string[] = [];
    service.onClose('store', () => void steps.push(`close store, draining ${service.health.draining}`));
    service.onClose('watch', () => void steps.push('close watch'));
    service.onStopAccepting('http', () => void steps.push('stop http'));
    const closed = service.close();
    await environment.advance(499);
    expect([service.health.draining, steps]).toEqual([true, []]);
    await environment.advance(1);
    await closed;
    expect(steps).toEqual(['stop http', 'close watch', 'close store, draining true']);
  });

  it('does not wait for a step that hangs, and passes over one that fails', async () => {
    const environment = createFakeEnvironment();
    const service = testService({ environment, env: { SHUTDOWN_TIMEOUT_MS: '1000' } });
    const steps: string[] = [];
    service.onClose('last', () => void steps.push('last'));
    service.onClose('fails', () => Promise.reject(new Error('no')));
    service.onClose('hangs', () => new Promise(() => undefined));
    service.onStopAccepting('hangs too', () => new Promise(() => undefined));
    const closed = service.close();
    await environment.advance(1_000);
    await closed;
    expect(steps).toEqual(['last']);
  });

  it('has the clock that its settings make wrong, and durations that are right (L4)', async () => {
    const environment = createFakeEnvironment();
    const { clock } = testService({ environment, env: { CLOCK_OFFSET_MS: '-600000' } }).environment;
    expect(clock.now()).toBe(environment.clock.now() - 600_000);
    await environment.advance(5);
    expect([clock.now(), clock.monotonic()]).toEqual([
      environment.clock.now() - 600_000,
      environment.clock.monotonic(),
    ]);
  });

  it('comes once, however often it is asked for', async () => {
    const service = testService();
    let closed = 0;
    service.onClose('x', () => void (closed += 1));
    await Promise.all([service.close(), service.close()]);
    await service.close();
    expect(closed).toBe(1);
  });
});

describe('an HTTP service', () => {
  afterEach(closeDoors);

  it('answers what is under way when it ends, takes no more, and does not wait for idle connections', async () => {
    const gate = new EventEmitter();
    let entered = false;
    const { http, service } = await startDoors({
      configure: (server) => {
        server.get('/held', async () => {
          entered = true;
          await once(gate, 'open');
          return { ok: true };
        });
      },
    });
    const idle = connect(http.port, '127.0.0.1');
    idle.on('error', () => undefined);
    await once(idle, 'connect');
    const held = fetch(`${http.url}/held`);
    await until(() => entered);
    const began = performance.now();
    const closing = service.close();
    await expect(fetch(`${http.url}/health/live`)).rejects.toThrow();
    gate.emit('open');
    expect(await (await held).json()).toEqual({ ok: true });
    await closing;
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  it('says which port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const attempt = startDoors({ env: { PORT: String(port) } });
    await expect(attempt).rejects.toThrow(PortBusyError);
    await expect(attempt).rejects.toThrow(`port ${port} on 127.0.0.1 is in use by another program`);
    other.close();
  });

  it('tells its metrics on a port of its own', async () => {
    const { http, send } = await startDoors();
    await send('GET', '/page');
    const metrics = await fetch(`http://127.0.0.1:${http.metricsPort}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    expect(await metrics.text()).toMatch(/http_request_duration_seconds_count\{.*route="\/page".*\} 1/);
    expect((await fetch(`http://127.0.0.1:${http.metricsPort}/`)).status).toBe(404);
    expect((await send('GET', '/metrics')).status).toBe(404);
  });

  it('tells its health in CBOR and JSON', async () => {
    const { service, send } = await startDoors();
    service.health.register('store', () => undefined);
    for (const accept of ['application/cbor', 'application/json']) {
      const answer = await send('GET', '/health/ready', { headers: { accept } });
      expect([answer.status, answer.body]).toEqual([
        200,
        { status: 'ok', service: 'doors', checks: { store: { status: 'ok' } } },
      ]);
    }
    service.health.drain();
    const answer = await send('GET', '/health/ready');
    expect([answer.status, answer.headers.get('connection')]).toEqual([503, 'close']);
  });
});
