import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadPart, managersOf, secretFields, secretRules, text } from '@state-server/platform';
import { filesPlace, type WritablePlace } from '@state-server/secrets';

type Variables = Readonly<Record<string, string | undefined>>;

/** Where the key set is kept, by the settings that auth reads. */
export interface KeyPlace {
  readonly place: WritablePlace;
  /** Of the secret in it. */
  readonly name: 'JWT_KEY_SET' | 'JWT_PRIVATE_KEY';
  /** For people. */
  readonly words: string;
}

const PART = {
  fields: { ...secretFields, NODE_ENV: text({ description: 'As of the services.', default: 'development' }) },
  rules: secretRules,
};

/**
 * Vault, SECRETS_DIR, the file that JWT_KEY_SET_FILE or JWT_PRIVATE_KEY_FILE names, or that of `./dev up`: the first that is
 * there. Throws words; ConfigError where a setting is not right.
 */
export function keyPlace(
  environment: Variables,
  options: { readonly file?: string | undefined; readonly data: string },
): KeyPlace {
  if (options.file !== undefined) return inFile(options.file);
  const given = Object.entries(environment).flatMap(([name, value]) =>
    value ? [[name, value] as const] : [],
  );
  const config = loadPart(PART, Object.fromEntries(given));
  const [manager] = managersOf(config);
  if (manager) {
    const words =
      config.VAULT_ADDR === undefined
        ? `${String(config.SECRETS_DIR)}/JWT_KEY_SET`
        : `JWT_KEY_SET of ${config.VAULT_MOUNT}/${config.VAULT_PATH} in Vault`;
    return { place: manager, name: 'JWT_KEY_SET', words };
  }
  for (const name of ['JWT_KEY_SET', 'JWT_PRIVATE_KEY'] as const) {
    const file = environment[`${name}_FILE`];
    if (file) return inFile(file, name);
    if (environment[name]) {
      throw new Error(
        `${name} stands in the environment, which nobody can change from outside: keep it in Vault, in a file of SECRETS_DIR, or in one that ${name}_FILE names`,
      );
    }
  }
  const ofDevelopment = join(options.data, 'keys/jwt-key-set.json');
  if (existsSync(ofDevelopment)) return inFile(ofDevelopment);
  throw new Error(
    'there is no key set: set VAULT_ADDR, SECRETS_DIR or JWT_KEY_SET_FILE as for auth, say --file PATH, or run ./dev up once',
  );
}

function inFile(path: string, name: KeyPlace['name'] = 'JWT_KEY_SET'): KeyPlace {
  const file = resolve(path);
  return { place: filesPlace(new Map([[name, file]])), name, words: file };
}
