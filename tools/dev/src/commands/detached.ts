import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { type UpOptions } from '../options';
import { terminal as terminalOn } from '../terminal';
import { UserError } from '../user-error';
import { ROOT } from '../workspace';
import { up, type UpHost } from './up';

/** Tells the process that `./dev up --detach` starts that it is the supervisor. */
const SUPERVISOR = 'STATE_SERVER_DEV_SUPERVISOR';

const message = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('output'), text: z.string() }),
  z.object({ kind: z.literal('ready') }),
]);
type Message = z.infer<typeof message>;

export const isDetachedSupervisor = (): boolean => process.env[SUPERVISOR] === '1';

/** Starts the supervisor in the background and returns when all services are ready, or with its exit code. */
export function upDetached({ dataDir }: UpOptions): Promise<number> {
  mkdirSync(dataDir, { recursive: true });
  const log = openSync(join(dataDir, 'supervisor.log'), 'a');
  const child = spawn(process.execPath, process.argv.slice(1), {
    cwd: ROOT,
    env: { ...process.env, [SUPERVISOR]: '1' },
    stdio: ['ignore', log, log, 'ipc'],
    detached: true,
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
    child.on('message', (raw) => {
      const heard = message.parse(raw);
      if (heard.kind === 'output') {
        process.stdout.write(heard.text);
        return;
      }
      child.removeAllListeners('exit');
      child.disconnect();
      child.unref();
      resolve(0);
    });
  });
}

/** The other side: all it says goes to the command that waits, and when that has gone, to supervisor.log. */
export function superviseDetached(options: UpOptions): Promise<number> {
  const tell = (what: Message): void => {
    if (process.connected) process.send?.(what);
  };
  const output = {
    write: (text: string): void => {
      process.stdout.write(text);
      tell({ kind: 'output', text });
    },
  };
  const host: UpHost = { terminal: terminalOn(output), ready: () => tell({ kind: 'ready' }) };
  return up(options, host).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    output.write(`${error.message}\n`);
    return error.exitCode;
  });
}
