import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { UserError } from '../user-error';
import { installPlan, thisSystem } from './package-manager';
import { redisProbe } from './probe';
import { type ServiceSpec } from './service';

const SERVERS = ['redis-server', 'valkey-server'];
const CONNECT_MS = 3_000;

const installedServer = (): string | undefined =>
  SERVERS.find((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0);

/**
 * The program that serves Redis here, installed from the system's package manager when it is missing and may be.
 * @throws UserError that says what a person has to do
 */
export function ensureRedisServer(say: (line: string) => void): string {
  const present = installedServer();
  if (present) return present;
  const plan = installPlan(thisSystem());
  if (plan.kind === 'ask') throw new UserError(plan.line);
  say(`Redis is missing: installing it with ${plan.program}`);
  for (const [program = '', ...args] of plan.commands) {
    // RUNLEVEL=1 keeps Debian's packages from starting a system service: only our own private one is wanted.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    spawnSync(program, args, { stdio: 'ignore', env });
    const installed = installedServer();
    if (installed) return installed;
  }
  throw new UserError(
    `${plan.program} could not install Redis: install redis-server or valkey by hand, or set REDIS_URL to a Redis that runs.`,
  );
}

/** A Redis of this checkout's own: loopback, private port, nothing evicted, nothing kept (it holds no sole copy, F1). */
export function redisSpec(program: string, port: number, dataDir: string): ServiceSpec {
  const folder = join(dataDir, 'redis');
  mkdirSync(folder, { recursive: true });
  return {
    name: 'redis',
    command: program,
    args: [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
      ...['--maxmemory-policy', 'noeviction', '--save', '', '--appendonly', 'no', '--loglevel', 'notice'],
    ],
    env: process.env,
    cwd: folder,
    logFile: join(dataDir, 'logs', 'redis.log'),
    url: `redis://127.0.0.1:${port}`,
    probe: redisProbe(port),
    graceMs: 5_000,
    startMs: 15_000,
  };
}

/** @throws UserError when the Redis that REDIS_URL names does not answer; no password is shown */
export async function assertReachable(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let reason = '';
  redis.on('error', (error: Error) => (reason ||= error.message));
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    const message = reason || (error instanceof Error ? error.message : String(error));
    throw new UserError(`The Redis of REDIS_URL (${withoutPassword(url)}) does not answer: ${message}`);
  } finally {
    redis.disconnect();
  }
}

export const withoutPassword = (url: string): string => url.replace(/\/\/[^@/]*@/, '//');
