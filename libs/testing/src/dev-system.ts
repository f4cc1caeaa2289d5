import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface DevService {
  readonly name: string;
  readonly pid: number | null;
  readonly url: string;
  /** Where Prometheus reads it. */
  readonly metrics?: string;
  readonly ready: boolean;
}

/** What `./dev status --json` says. */
export interface DevStatus {
  readonly origin: string;
  readonly services: readonly DevService[];
}

export interface DevSystemOptions {
  /** The checkout. */
  readonly root: string;
  /** Of the origin; without it the one of `./dev`. */
  readonly port?: number;
  /** Folder of the data; without it the one of `./dev`. */
  readonly data?: string;
  /** Folder with one settings file per process, `<name>.env`; see `./dev help`. */
  readonly settings?: string;
  /** Beside our own environment, e.g. REDIS_URL. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The running system of a checkout, driven as a developer drives it: by `./dev`. */
export class DevSystem {
  private readonly flags: readonly string[];

  constructor(private readonly options: DevSystemOptions) {
    const { port, data } = options;
    this.flags = [
      ...(port === undefined ? [] : ['--port', String(port)]),
      ...(data === undefined ? [] : ['--data', data]),
    ];
  }

  private get env(): NodeJS.ProcessEnv {
    return { ...process.env, ...this.options.env };
  }

  /** undefined when nothing runs. */
  async status(): Promise<DevStatus | undefined> {
    // Its exit code says whether all of it is ready; what it prints says what there is.
    const { stdout } = await this.dev(['status', '--json']).catch(
      (error: unknown) => error as { stdout: string },
    );
    const status = JSON.parse(stdout) as DevStatus;
    return status.services.length > 0 ? status : undefined;
  }

  /** The service as it is now: its pid changes with every restart. */
  async service(name: string): Promise<DevService> {
    const found = (await this.status())?.services.find((service) => service.name === name);
    if (!found) throw new Error(`no service ${name} runs`);
    return found;
  }

  /** In the background; resolves when all are ready. What `./dev` says goes to our own output. */
  async start(gateways: number): Promise<DevStatus> {
    const { root, settings } = this.options;
    const given = settings === undefined ? [] : ['--settings', settings];
    // A test or a benchmark that is killed leaves nothing behind.
    const args = [
      'up',
      '--detach',
      '--while',
      String(process.pid),
      '--gateways',
      String(gateways),
      ...given,
      ...this.flags,
    ];
    const code = await new Promise<number | null>((resolve, reject) => {
      const child = spawn(`${root}/dev`, args, {
        cwd: root,
        env: this.env,
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      child.once('error', reject);
      child.once('exit', resolve);
    });
    const status = await this.status();
    if (code !== 0 || !status) throw new Error('the system did not start: see ./dev logs');
    return status;
  }

  async stop(): Promise<void> {
    await this.dev(['down']);
  }

  /** SIGKILL, by the pid that the supervisor names. */
  async kill(name: string): Promise<void> {
    const { pid } = await this.service(name);
    if (pid !== null) process.kill(pid, 'SIGKILL');
  }

  private dev(args: readonly string[]): Promise<{ stdout: string }> {
    const { root } = this.options;
    return run(`${root}/dev`, [...args, ...this.flags], { cwd: root, env: this.env, timeout: 60_000 });
  }
}

/** Sum of a counter over Prometheus pages, by metric name. */
export function sumCounter(pages: readonly string[], name: string): number {
  let sum = 0;
  for (const line of pages.flatMap((page) => page.split('\n'))) {
    const [, metric, value] = /^([a-zA-Z_:][\w:]*)(?:\{[^}]*\})? ([0-9.e+-]+)$/.exec(line) ?? [];
    if (metric === name) sum += Number(value);
  }
  return sum;
}
