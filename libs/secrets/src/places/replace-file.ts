import { constants } from 'node:fs';
import { chmod, chown, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { SecretsError } from '../secret-source';
import { readSecretFile } from './read-secret-file';

/**
 * Puts a new text in the place of a file at once: whoever reads it sees the old or the new one, whole, also after a crash.
 * One writer at a time; a writer that was killed is found by its pid and passed over.
 */
export async function changeFile(
  path: string,
  setting: string,
  change: (present: string | undefined) => string | undefined,
): Promise<void> {
  const leave = await enter(`${path}.lock`, setting);
  try {
    const next = change(await readSecretFile(path).catch(absent));
    if (next !== undefined) await replace(path, next);
  } catch (error) {
    throw isDenied(error) ? new SecretsError([`${setting}: its files cannot be written to`]) : error;
  } finally {
    await leave();
  }
}

async function replace(path: string, text: string): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  const before = await stat(path).catch(absent);
  const file = await open(draft, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  if (before) {
    await chmod(draft, before.mode & 0o777);
    await chown(draft, before.uid, before.gid).catch(() => undefined);
  }
  await rename(draft, path);
  const folder = await open(dirname(path), 'r');
  await folder.sync().finally(() => folder.close());
}

async function enter(lock: string, setting: string): Promise<() => Promise<void>> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const file = await open(lock, 'wx', 0o600);
      await file.writeFile(String(process.pid));
      await file.close();
      return () => unlink(lock).catch(() => undefined);
    } catch (error) {
      if (isDenied(error)) throw new SecretsError([`${setting}: its files cannot be written to`]);
      if (codeOf(error) !== 'EEXIST') throw new SecretsError([`${setting}: its folder cannot be used`]);
      if (isAlive(Number(await readFile(lock, 'utf8').catch(() => '')))) break;
      // Only one of those who find it dead moves it away.
      await rename(lock, `${lock}.${randomUUID()}`)
        .then(() => undefined)
        .catch(() => undefined);
    }
  }
  throw new SecretsError([`${setting}: somebody else is changing it at this moment; try again`]);
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function absent(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}

const isDenied = (error: unknown): boolean => ['EROFS', 'EACCES', 'EPERM'].includes(codeOf(error) ?? '');

function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}
