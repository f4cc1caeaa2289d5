import { readFileSync } from 'node:fs';
import { loadSigningKeys, type SigningKeys } from '@state-server/identity';
import { ConfigError } from '@state-server/platform';
import type { AuthConfig } from './config';

/** The keys that the settings name. Throws ConfigError, which names the setting and nothing of the key. */
export async function readKeys(config: AuthConfig): Promise<SigningKeys> {
  const { JWT_PRIVATE_KEY: text, JWT_PRIVATE_KEY_FILE: file } = config;
  const setting = file === undefined ? 'JWT_PRIVATE_KEY' : 'JWT_PRIVATE_KEY_FILE';
  const pem = file === undefined ? (text ?? '').replaceAll('\\n', '\n') : readKeyFile(file);
  try {
    return await loadSigningKeys(pem);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it is not readable';
    throw new ConfigError([`${setting}: ${reason}`]);
  }
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ConfigError(['JWT_PRIVATE_KEY_FILE names a file that cannot be read']);
  }
}
