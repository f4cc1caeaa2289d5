import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeBusContract } from '@state-server/messaging-contract';
import type { Bus } from '@state-server/messaging-port';
import { until } from '@state-server/testing';
import { createRedisBus } from './redis-bus';

const program = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function startRedis(port: number, directory: string): Promise<ChildProcess> {
  const child = spawn(
    program ?? 'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until(() => output.includes('Ready to accept connections'), { what: 'redis-server to start' });
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

if (!program) {
  it.skip('the bus over Redis: skipped, because neither redis-server nor valkey-server is installed', () =>
    undefined);
} else {
  const directory = mkdtempSync(join(tmpdir(), 'redis-bus-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  describeBusContract('the bus over Redis', async () => {
    const port = await freePort();
    let server = await startRedis(port, directory);
    const url = `redis://127.0.0.1:${port}`;
    const first = createRedisBus({ url, probeMs: 50, deadlineMs: 300 });
    const second = createRedisBus({ url, probeMs: 50, deadlineMs: 300 });
    await until(() => first.connected && second.connected);
    return {
      first,
      second,
      cut: async () => {
        await stop(server);
        await until(() => !first.connected && !second.connected);
      },
      mend: async () => {
        server = await startRedis(port, directory);
        await until(() => first.connected && second.connected);
      },
      close: async () => {
        await first.close();
        await second.close();
        await stop(server);
      },
    };
  });

  describe('a Redis that is frozen or absent (F2)', () => {
    let server: ChildProcess | undefined;
    let bus: Bus | undefined;
    afterEach(async () => {
      await bus?.close();
      if (server) {
        server.kill('SIGCONT');
        await stop(server);
      }
    });

    it('is noticed by the probe though its socket stays open, and used again when it thaws', async () => {
      const port = await freePort();
      server = await startRedis(port, directory);
      bus = createRedisBus({ url: `redis://127.0.0.1:${port}`, probeMs: 50, deadlineMs: 200 });
      await until(() => bus?.connected);
      server.kill('SIGSTOP');
      await until(() => bus?.connected === false);
      server.kill('SIGCONT');
      await until(() => bus?.connected);
    });

    it('does not hold up a subscriber, who is served when it comes', async () => {
      const port = await freePort();
      bus = createRedisBus({ url: `redis://127.0.0.1:${port}`, probeMs: 50, deadlineMs: 200 });
      const heard: number[] = [];
      await bus.subscribe('news', (payload) => heard.push(payload[0] ?? -1));
      expect(bus.connected).toBe(false);
      server = await startRedis(port, directory);
      await until(() => bus?.connected);
      bus.publish('news', Uint8Array.of(7));
      await until(() => heard.length > 0);
      expect(heard).toEqual([7]);
    });
  });
}
