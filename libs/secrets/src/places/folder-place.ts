import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { SECRET_NAME, type WritablePlace } from '../secret-place';
import { SecretsError } from '../secret-source';
import { readSecretFile } from './read-secret-file';
import { changeFile } from './replace-file';

/** A mounted Kubernetes secret points here, and is exchanged as a whole by turning this link. */
const LINK = '..data';
/** The link is turned once a minute at most; whoever meets it twice in a row has bad luck. */
const ATTEMPTS = 5;

/**
 * A folder with one file per secret, named as the setting is: a mounted Kubernetes secret, Docker secrets, or files of one's
 * own. Files of other names are left alone. Of a Kubernetes secret all values are of one version.
 */
export function folderPlace(folder: string, setting = 'SECRETS_DIR'): WritablePlace {
  return {
    setting,
    isManager: true,
    read: () => readFolder(folder, setting),
    change: async (name, change) => {
      if ((await linkOf(folder)) !== undefined) {
        throw new SecretsError([
          `${setting} is a mounted Kubernetes secret, which cannot be written to from here: change the secret itself`,
        ]);
      }
      await changeFile(join(folder, name), setting, change);
    },
  };
}

async function readFolder(folder: string, setting: string): Promise<ReadonlyMap<string, string>> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const version = await linkOf(folder);
    const values = await readFiles(version ?? folder, setting).catch((error: unknown) => {
      if (error instanceof SecretsError) return error;
      throw error;
    });
    if ((await linkOf(folder)) !== version) continue;
    if (values instanceof SecretsError) throw values;
    return values;
  }
  throw new SecretsError([`${setting}: its files change faster than they can be read`]);
}

async function readFiles(folder: string, setting: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder).catch(() => {
    throw new SecretsError([`${setting} names a folder that cannot be read`]);
  });
  const values = new Map<string, string>();
  for (const name of names.filter((one) => SECRET_NAME.test(one)).sort()) {
    const text = await readSecretFile(join(folder, name)).catch(() => {
      throw new SecretsError([`${setting}: its file ${name} cannot be read`]);
    });
    if (text !== '') values.set(name, text);
  }
  return values;
}

/** Where the link leads at this moment; undefined where there is none. */
async function linkOf(folder: string): Promise<string | undefined> {
  return realpath(join(folder, LINK)).catch(() => undefined);
}
