import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until';

/** The program that serves Redis on this machine, or undefined: then a spec skips by name and reason. */
export function redisProgram(): string | undefined {
  return ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0);
}

/** A TCP port on loopback that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

export interface RedisServer {
  readonly url: string;
  /** Its own; `redis.pid` in it names the process. */
  readonly directory: string;
  /** SIGKILL; with `start` afterwards it comes back empty on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Stops it and removes its folder. */
  dispose(): Promise<void>;
}

/** A Redis of the test's own: loopback, free port, nothing kept on disk. */
export async function startRedisServer(): Promise<RedisServer> {
  const program = redisProgram();
  if (!program) throw new Error('neither redis-server nor valkey-server is installed');
  const directory = mkdtempSync(join(tmpdir(), 'redis-'));
  const port = await freePort();
  let child = await launch(program, port, directory);
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    directory,
    stop,
    start: async () => {
      child = await launch(program, port, directory);
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    dispose: async () => {
      child.kill('SIGCONT');
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function launch(program: string, port: number, directory: string): Promise<ChildProcess> {
  const child = spawn(
    program,
    [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--dir',
      directory,
      '--pidfile',
      join(directory, 'redis.pid'),
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until(() => output.includes('Ready to accept connections'), { what: `${program} to start` });
  return child;
}
