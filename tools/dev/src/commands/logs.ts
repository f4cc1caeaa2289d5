import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LogOptions } from '../options';
import { logFolder } from '../services/log-files';
import { type Terminal } from '../terminal';
import { UserError } from '../user-error';
import { readable } from './log-line';

const FOLLOW_POLL_MS = 300;

/** The last lines of each service's log, or of one service's (`sync-gateway` stands for all of them). */
export async function logs(options: LogOptions, terminal: Terminal): Promise<number> {
  const files = logFiles(options);
  const print = (file: string, lines: readonly string[]): void => {
    const prefix = files.length > 1 ? `${basename(file, '.log').padEnd(16)} ` : '';
    for (const line of lines) terminal.line(`${prefix}${options.json ? line : readable(line)}`);
  };
  for (const file of files) {
    print(file, readFileSync(file, 'utf8').split('\n').slice(0, -1).slice(-options.lines));
  }
  if (options.follow) await Promise.all(files.map((file) => follow(file, (lines) => print(file, lines))));
  return 0;
}

function logFiles({ service, dataDir }: LogOptions): string[] {
  const folder = logFolder(dataDir);
  const names = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.log'))
        .sort()
    : [];
  if (names.length === 0) throw new UserError('There are no logs yet; ./dev up starts the services.');
  const chosen = names.filter((name) => {
    const of = basename(name, '.log');
    return service === undefined || of === service || of.replace(/-\d+$/, '') === service;
  });
  if (chosen.length === 0) {
    const known = names.map((name) => basename(name, '.log')).join(', ');
    throw new UserError(`No service '${service ?? ''}' has a log; there are: ${known}.`);
  }
  return chosen.map((name) => join(folder, name));
}

/** Tells the lines that are added from now on; ends with the process. */
async function follow(path: string, onLines: (lines: readonly string[]) => void): Promise<void> {
  const file = await open(path, 'r');
  let position = (await file.stat()).size;
  let rest = '';
  for (;;) {
    const { bytesRead, buffer } = await file.read({ position });
    if (bytesRead === 0) {
      await sleep(FOLLOW_POLL_MS);
      continue;
    }
    position += bytesRead;
    const lines = (rest + buffer.subarray(0, bytesRead).toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    onLines(lines);
  }
}
