import { SecretsError } from '../secret-source';
import type { WritablePlace } from '../secret-place';
import { readSecretFile } from './read-secret-file';
import { changeFile } from './replace-file';

/** Single files that settings name: `NAME_FILE=/path`. */
export function filesPlace(paths: ReadonlyMap<string, string>): WritablePlace {
  const setting = [...paths.keys()].map((name) => `${name}_FILE`).join(', ');
  return {
    setting,
    isManager: false,
    read: async () => {
      const values = new Map<string, string>();
      const problems: string[] = [];
      for (const [name, path] of paths) {
        const text = await readSecretFile(path).catch(() => undefined);
        if (text === undefined) problems.push(`${name}_FILE names a file that cannot be read`);
        else if (text !== '') values.set(name, text);
      }
      if (problems.length > 0) throw new SecretsError(problems);
      return values;
    },
    change: async (name, change) => {
      const path = paths.get(name);
      if (path === undefined) throw new SecretsError([`${name}_FILE is not set`]);
      await changeFile(path, `${name}_FILE`, change);
    },
  };
}
