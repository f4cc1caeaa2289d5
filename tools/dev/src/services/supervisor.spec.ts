import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from '@state-server/testing';
import { ROOT } from '../workspace';
import { httpProbe } from './probe';
import { isRunning } from './process-identity';
import { type ServiceEvent, type ServiceSpec } from './service';
import { readState, survivors } from './state-file';
import { Supervisor } from './supervisor';

const FAKE = join(ROOT, 'tools/dev/fixtures/fake-service.cjs');

describe('supervisor', () => {
  let dataDir: string;
  let happened: ServiceEvent[];
  let supervisor: Supervisor;

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'supervisor-'));
    happened = [];
  });
  afterEach(async () => {
    supervisor.kill();
    await supervisor.stop();
    rmSync(dataDir, { recursive: true });
  });

  const spec = async (name: string, mode = '', rest: Partial<ServiceSpec> = {}): Promise<ServiceSpec> => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    return {
      name,
      url,
      command: process.execPath,
      args: [FAKE],
      env: { ...process.env, NAME: name, PORT: String(port), MODE: mode, EVENTS: join(dataDir, 'events') },
      cwd: dataDir,
      logFile: join(dataDir, `${name}.log`),
      probe: httpProbe(url),
      graceMs: 5_000,
      startMs: 10_000,
      ...rest,
    };
  };
  const supervise = (startOrder: ServiceSpec[][], stopOrder: string[][] = []): Supervisor => {
    supervisor = new Supervisor({
      origin: 'http://127.0.0.1:4000',
      dataDir,
      startOrder,
      stopOrder,
      onEvent: (event) => happened.push(event),
    });
    return supervisor;
  };
  const events = (): string[] => readFileSync(join(dataDir, 'events'), 'utf8').trim().split('\n');
  const pidOf = (name: string): number =>
    readState(dataDir)?.services.find((service) => service.name === name)?.process?.pid ?? 0;
  const readyAgain = (name: string): boolean =>
    happened.some((event) => event.kind === 'ready' && event.name === name && event.again);

  it('starts stage after stage, and ends in the order it was told', async () => {
    await supervise(
      [[await spec('redis')], [await spec('auth'), await spec('gateway')]],
      [['gateway'], ['auth']],
    ).start();
    await supervisor.stop();
    expect(events()[0]).toBe('started redis');
    expect(events().slice(3)).toEqual([
      'told gateway',
      'ended gateway',
      'told auth',
      'ended auth',
      'told redis',
      'ended redis',
    ]);
  });

  it('writes what runs into the state file, and takes it away at the end', async () => {
    await supervise([[await spec('auth')]]).start();
    const state = readState(dataDir);
    expect(state && survivors(state)).toEqual(['./dev up', 'auth']);
    await supervisor.stop();
    expect(existsSync(join(dataDir, 'dev.json'))).toBe(false);
  });

  it('gives up when a service does not start, says why, and leaves nothing running', async () => {
    const healthy = await spec('auth');
    await expect(supervise([[healthy], [await spec('broken', 'fail')]]).start()).rejects.toThrow(
      'broken: Error: the store cannot be opened',
    );
    expect(events()).toEqual(['started auth', 'told auth', 'ended auth']);
    await expect(healthy.probe.live()).resolves.toBe(false);
  });

  it('gives up on a service that runs but does not get ready', async () => {
    const sleepy = await spec('sleepy', 'never-ready', { startMs: 300 });
    await expect(supervise([[sleepy]]).start()).rejects.toThrow('sleepy: was not ready after 0.3 s');
  });

  it('restarts a service that dies, and says so', async () => {
    await supervise([[await spec('auth')]]).start();
    process.kill(pidOf('auth'), 'SIGKILL');
    await until(() => readyAgain('auth'), { what: 'auth to be ready again' });
    expect(happened.find((event) => event.kind === 'ended')).toMatchObject({
      name: 'auth',
      exit: { signal: 'SIGKILL' },
      restartInMs: 200,
    });
    expect(pidOf('auth')).toBeGreaterThan(0);
  });

  it('kills a service that is frozen while others answer, and restarts it', async () => {
    await supervise([[await spec('auth'), await spec('gateway')]]).start();
    const frozen = pidOf('gateway');
    process.kill(frozen, 'SIGSTOP');
    await until(() => readyAgain('gateway'), { what: 'gateway to be ready again', timeoutMs: 10_000 });
    expect(happened.map((event) => event.kind)).toContain('silent');
    expect(pidOf('gateway')).not.toBe(frozen);
  });

  it('does not take for silence that nobody was asked while another started', async () => {
    const redis = await spec('redis');
    let asked = 0;
    const live = (): Promise<boolean> => {
      asked += 1;
      return redis.probe.live();
    };
    const counted = { ...redis, probe: { ...redis.probe, live } };
    await supervise([[counted], [await spec('gateway', 'late')]]).start();
    await until(() => asked >= 2, { what: 'the watchdog to look twice' });
    expect(happened.map((event) => event.kind)).not.toContain('silent');
  });

  it('waits no longer than its grace for a service that will not end', async () => {
    await supervise([[await spec('stubborn', 'stubborn', { graceMs: 200 })]]).start();
    const state = readState(dataDir);
    await supervisor.stop();
    expect(events()).toEqual(['started stubborn', 'told stubborn']);
    expect(state?.services.some(({ process }) => process && isRunning(process))).toBe(false);
  });

  it('leaves no service behind when it is told to end while they start', async () => {
    const starting = supervise([[await spec('sleepy', 'never-ready')], [await spec('auth')]]).start();
    starting.catch(() => undefined);
    await until(() => existsSync(join(dataDir, 'events')), { what: 'the first service to start' });
    await supervisor.stop();
    await expect(starting).rejects.toThrow('sleepy');
    expect(events().filter((event) => event.includes('auth'))).toEqual([]);
  });
});
