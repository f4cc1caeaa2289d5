import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { DevSystem, type RedisServer, startRedisServer, until } from '@state-server/testing';
import { ROOT } from './root';

const JANITOR = join(ROOT, 'apps/platform-e2e/src/faults/support/janitor.cjs');
/** Ports from here on, in steps of one system each; below what the machine gives out by itself. */
const FIRST_PORT = 10_000;
const PORTS_EACH = 100;
const SLOTS = 90;
/** Offsets of the ports that a system with two gateways takes, as `./dev up` plans them. */
const OFFSETS = [0, 1, 2, 3, 10, 11, 50, 51, 52, 53, 54, 55];

export interface FaultSystemOptions {
  /** Default 2. */
  readonly gateways?: number;
  /** Where the data lies; default a new folder below the temporary one. Removed in the end, if it is our own. */
  readonly data?: string;
  /** Settings of single processes from the start on. */
  readonly settings?: Readonly<Record<string, Settings>>;
  /** For all processes. */
  readonly env?: Readonly<Record<string, string>>;
}

export type Settings = Readonly<Record<string, string>>;

/** One process of the system, as it is at this moment. */
export interface FaultService {
  readonly name: string;
  /** Null while it waits for its restart. */
  readonly pid: number | null;
  readonly url: string;
  readonly metrics: string;
}

interface DevState {
  readonly supervisor: { readonly pid: number };
  readonly services: readonly {
    readonly name: string;
    readonly url: string;
    readonly metrics?: string;
    readonly process: { readonly pid: number } | null;
  }[];
}

/** A whole system of its own to do harm to: own data, own ports, and a Redis that no supervisor brings back. */
export class FaultSystem {
  /** Cleans up when nobody calls `stop`. */
  private readonly janitor: ChildProcessByStdio<Writable, null, null>;

  private constructor(
    readonly dev: DevSystem,
    readonly redis: RedisServer,
    readonly data: string,
    /** Settings files, one per process; see `settings`. */
    private readonly settingsDir: string,
    readonly port: number,
    private readonly scratch: string,
  ) {
    const folders = [data, redis.directory, scratch];
    this.janitor = spawn(process.execPath, [JANITOR, ROOT, ...folders], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.janitor.unref();
  }

  static async start(options: FaultSystemOptions = {}): Promise<FaultSystem> {
    const scratch = mkdtempSync(join(tmpdir(), 'platform-fault-'));
    const data = options.data ?? join(scratch, 'data');
    const settings = join(scratch, 'settings');
    mkdirSync(settings);
    const redis = await startRedisServer();
    const port = await freeRange();
    const env = { REDIS_URL: redis.url, ...options.env };
    const dev = new DevSystem({ root: ROOT, port, data, settings, env });
    const system = new FaultSystem(dev, redis, data, settings, port, scratch);
    for (const [name, values] of Object.entries(options.settings ?? {})) system.writeSettings(name, values);
    try {
      await dev.start(options.gateways ?? 2);
    } catch (error) {
      await system.stop();
      throw error;
    }
    return system;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get services(): FaultService[] {
    return this.state.services.map(({ name, url, metrics = '', process }) => ({
      name,
      url,
      metrics,
      pid: process?.pid ?? null,
    }));
  }

  get supervisorPid(): number {
    return this.state.supervisor.pid;
  }

  /** The file by which `./dev` itself finds what it started: asking the command takes a second of CPU. */
  private get state(): DevState {
    return JSON.parse(readFileSync(join(this.data, 'dev.json'), 'utf8')) as DevState;
  }

  get gateways(): FaultService[] {
    return this.services.filter(({ name }) => name.startsWith('sync-gateway'));
  }

  service(name: string): FaultService {
    const found = this.services.find((service) => service.name === name);
    if (!found) throw new Error(`the system has no service ${name}`);
    return found;
  }

  /** The WebSocket of one particular gateway, past the origin. */
  gatewaySocket(index: number): string {
    const gateway = this.gateways[index];
    if (!gateway) throw new Error(`the system has no gateway ${index}`);
    return `${gateway.url.replace(/^http/, 'ws')}/ws`;
  }

  /** To the process that has this name now; answers its pid. A process that is not there is waited for. */
  async signal(name: string, signal: NodeJS.Signals): Promise<number> {
    const pid = await until(() => this.service(name).pid, { what: `${name} to run`, timeoutMs: 20_000 });
    process.kill(pid, signal);
    return pid;
  }

  kill(name: string): Promise<number> {
    return this.signal(name, 'SIGKILL');
  }

  /** Its settings from its next start on, below those that `./dev` gives it. */
  writeSettings(name: string, values: Settings): void {
    const lines = Object.entries(values).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(join(this.settingsDir, `${name}.env`), lines.join(''));
  }

  /** Restarts one process with these settings, and waits until it is ready. */
  async restartWith(name: string, values: Settings): Promise<void> {
    this.writeSettings(name, values);
    const before = await this.kill(name);
    await until(() => this.service(name).pid !== before && this.isReady(name), {
      what: `${name} to be ready again`,
      timeoutMs: 30_000,
      everyMs: 50,
    });
  }

  async isReady(name: string): Promise<boolean> {
    const { url, pid } = this.service(name);
    return pid !== null && answers(`${url}/health/ready`);
  }

  /** Names of the services that are not ready at this moment. */
  async notReady(): Promise<string[]> {
    const names = this.services.map(({ name }) => name);
    const ready = await Promise.all(names.map((name) => this.isReady(name)));
    return names.filter((_, index) => ready[index] !== true);
  }

  /** The page for Prometheus of one service; empty while it is away. */
  async metrics(name: string): Promise<string> {
    const answer = await fetch(this.service(name).metrics, { signal: AbortSignal.timeout(2_000) }).catch(
      () => undefined,
    );
    return answer ? answer.text() : '';
  }

  /** The lines of one event that a service, in all its lives, has logged so far. */
  logged(name: string, event: string): Readonly<Record<string, unknown>>[] {
    const lines = readFileSync(join(this.data, 'logs', `${name}.log`), 'utf8').split('\n');
    const needle = `"msg":"${event}"`;
    return lines
      .filter((line) => line.includes(needle))
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  }

  /** Ends all of it and removes what it wrote. */
  async stop(): Promise<void> {
    this.thawAll();
    await this.dev.stop().catch(() => undefined);
    await this.redis.dispose();
    rmSync(this.scratch, { recursive: true, force: true });
    this.janitor.stdin.end('done');
  }

  /** A process that is frozen ends by SIGKILL only. */
  private thawAll(): void {
    try {
      for (const { pid } of this.services) if (pid !== null) process.kill(pid, 'SIGCONT');
    } catch {
      // Not started, or gone already.
    }
  }
}

export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

async function freeRange(): Promise<number> {
  const first = Math.floor(Math.random() * SLOTS);
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const port = FIRST_PORT + ((first + slot) % SLOTS) * PORTS_EACH;
    const free = await Promise.all(OFFSETS.map((offset) => isFree(port + offset)));
    if (free.every(Boolean)) return port;
  }
  throw new Error('no range of free ports is left on this machine');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
