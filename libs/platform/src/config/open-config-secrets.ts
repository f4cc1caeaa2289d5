import { readFileSync } from 'node:fs';
import {
  environmentPlace,
  filesPlace,
  folderPlace,
  openSecrets,
  type SecretPlace,
  type Secrets,
  SecretsError,
  vaultPlace,
  type VaultAuth,
  type WritablePlace,
} from '@state-server/secrets';
import { realEnvironment } from '../real-environment';
import type { FieldTable } from './define-config';
import { text } from './field';
import { ConfigError, type Environment, givenValues, loadPart, type LoadOptions } from './load-config';
import { type SecretConfig, secretFields, secretRules } from './secret-fields';
import { secretFileNames, secretNames } from './secret-names';

/** What the rules of these settings look at. */
const PART = {
  ...secretFields,
  NODE_ENV: text({ description: 'See the common fields.', default: 'development' }),
};

/**
 * Opens the sources of secrets that the environment names, and looks into each of them once. What is in several of them is
 * taken from the first of: Vault, SECRETS_DIR, the file that NAME_FILE names, the variable NAME (or its line in CONFIG_FILE).
 * Throws ConfigError.
 */
export async function openConfigSecrets(
  fields: FieldTable,
  environment: Environment,
  options: LoadOptions = {},
): Promise<Secrets> {
  const { values } = givenValues(fields, environment, options);
  const config = loadPart({ fields: PART, rules: secretRules }, values);
  const names = secretNames(fields);
  try {
    return await openSecrets({
      places: [...managersOf(config, options), ...filesOf(fields, values), environmentPlace(values, names)],
    });
  } catch (error) {
    throw error instanceof SecretsError ? new ConfigError(error.problems) : error;
  }
}

/** Vault and the folder, as far as they are set: where secrets can be kept, and written to by tools. Throws ConfigError. */
export function managersOf(config: SecretConfig, options: LoadOptions = {}): readonly WritablePlace[] {
  const { SECRETS_DIR } = config;
  return [
    ...(config.VAULT_ADDR === undefined ? [] : [vaultOf(config, config.VAULT_ADDR, options)]),
    ...(SECRETS_DIR === undefined ? [] : [folderPlace(SECRETS_DIR)]),
  ];
}

function vaultOf(config: SecretConfig, address: string, { readFile }: LoadOptions): WritablePlace {
  const { VAULT_CACERT: caFile } = config;
  const read = readFile ?? ((path: string) => readFileSync(path, 'utf8'));
  let ca: string | undefined;
  try {
    ca = caFile === undefined ? undefined : read(caFile);
  } catch {
    throw new ConfigError(['VAULT_CACERT names a file that cannot be read']);
  }
  return vaultPlace({
    address,
    namespace: config.VAULT_NAMESPACE,
    mount: config.VAULT_MOUNT,
    path: config.VAULT_PATH,
    auth: authOf(config),
    ca,
    deadlineMs: config.VAULT_TIMEOUT_MS,
    clock: realEnvironment.clock,
  });
}

function authOf(config: SecretConfig): VaultAuth {
  const { VAULT_TOKEN: token, VAULT_TOKEN_FILE: file, VAULT_ROLE: role } = config;
  if (token !== undefined) return { kind: 'token', token };
  if (file !== undefined) return { kind: 'token_file', file };
  return {
    kind: 'kubernetes',
    role: role ?? '',
    mount: config.VAULT_AUTH_MOUNT,
    jwtFile: config.VAULT_JWT_FILE,
  };
}

function filesOf(fields: FieldTable, values: Readonly<Record<string, string>>): readonly SecretPlace[] {
  const paths = new Map<string, string>();
  const problems: string[] = [];
  for (const fileName of secretFileNames(fields)) {
    const path = values[fileName];
    if (path === undefined) continue;
    const name = fileName.slice(0, -'_FILE'.length);
    if (values[name] !== undefined) problems.push(`${fileName} and ${name} are both set: say one of them`);
    paths.set(name, path);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return paths.size === 0 ? [] : [filesPlace(paths)];
}
