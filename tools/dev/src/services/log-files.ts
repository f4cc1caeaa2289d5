import { existsSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const MAX_BYTES = 20 * 1024 * 1024;

/** One file per service; what it says is appended over all its incarnations. */
export const logFolder = (dataDir: string): string => join(dataDir, 'logs');

/** Puts aside what has grown large, in place of what was put aside before. Only while nothing runs. */
export function rotateLogs(dataDir: string, maxBytes = MAX_BYTES): void {
  const folder = logFolder(dataDir);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.log'))) {
    const file = join(folder, name);
    if (statSync(file).size > maxBytes) renameSync(file, `${file}.old`);
  }
}
