import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Service {
  readonly name: string;
  readonly pid: number | null;
  readonly url: string;
  readonly ready: boolean;
}

export interface Status {
  readonly origin: string;
  readonly services: readonly Service[];
}

/** What `./dev status --json` says; undefined when nothing runs here. */
export async function readStatus(root: string): Promise<Status | undefined> {
  try {
    const { stdout } = await run(`${root}/dev`, ['status', '--json'], { cwd: root, timeout: 60_000 });
    const status = JSON.parse(stdout) as Status;
    return status.services.some((service) => service.pid !== null) ? status : undefined;
  } catch {
    return undefined;
  }
}

/** Starts the system in the background with two gateways, and waits until it is ready. */
export async function startSystem(root: string, port: string | undefined): Promise<Status> {
  const code = await new Promise<number | null>((resolve, reject) => {
    const portFlags = port === undefined ? [] : ['--port', port];
    const child = spawn(`${root}/dev`, ['up', '--detach', '--gateways', '2', ...portFlags], {
      cwd: root,
      stdio: 'inherit',
    });
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const status = await readStatus(root);
  if (code !== 0 || !status) throw new Error('the system did not start: see ./dev logs');
  return status;
}

export async function stopSystem(root: string): Promise<void> {
  await run(`${root}/dev`, ['down'], { cwd: root, timeout: 60_000 });
}

/** Sum of a counter over the gateways' metrics pages, by metric name; 0 for a page that does not answer. */
export function sumCounter(pages: readonly string[], name: string): number {
  let sum = 0;
  for (const page of pages) {
    for (const line of page.split('\n')) {
      const match = /^([a-z_:]+)(?:\{[^}]*\})? ([0-9.e+]+)$/.exec(line);
      if (match && match[1] === name) sum += Number(match[2]);
    }
  }
  return sum;
}
