import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { readState, survivors } from '../services/state-file';
import { type Terminal } from '../terminal';
import { UserError } from '../user-error';

/** What the commands of this folder keep in a data folder; only this is thrown away, whatever else lies there. */
const KEPT = ['store', 'redis', 'keys', 'logs', 'supervisor.log', 'dev.json'];

export async function reset(dataDir: string, yes: boolean, terminal: Terminal): Promise<number> {
  const state = readState(dataDir);
  if (state && survivors(state).length > 0)
    throw new UserError('It runs; ./dev down first, then ./dev reset.');
  const present = KEPT.filter((name) => existsSync(join(dataDir, name)));
  if (present.length === 0) {
    terminal.line('There is no stored data.');
    return 0;
  }
  if (!yes && !(await confirmed(dataDir))) {
    terminal.line('Nothing was thrown away.');
    return 1;
  }
  for (const name of present) rmSync(join(dataDir, name), { recursive: true, force: true });
  terminal.line(`Thrown away: ${present.join(', ')}.`);
  return 0;
}

async function confirmed(dataDir: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UserError('This throws away all stored data; without a terminal say so with --yes.');
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await prompt.question(`Throw away all stored data in ${dataDir}? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
