import { readFileSync } from 'node:fs';
import { type KeySet, keySetWeakness, parseKeySet } from '@state-server/identity';
import { ConfigError } from '@state-server/platform';
import type { AuthConfig } from './config';

/** The keys that the settings name. Throws ConfigError, which names the setting and nothing of the key. */
export function readKeySet(config: AuthConfig): KeySet {
  const { JWT_KEY_SET: set, JWT_PRIVATE_KEY: text, JWT_PRIVATE_KEY_FILE: file } = config;
  if (set !== undefined) return set;
  const setting = file === undefined ? 'JWT_PRIVATE_KEY' : 'JWT_PRIVATE_KEY_FILE';
  const pem = file === undefined ? (text ?? '') : readKeyFile(file);
  const keys = parsed(setting, pem);
  const weakness = config.NODE_ENV === 'production' ? keySetWeakness(keys) : undefined;
  if (weakness !== undefined) throw new ConfigError([`${setting} ${weakness}`]);
  return keys;
}

function parsed(setting: string, pem: string): KeySet {
  try {
    return parseKeySet(pem);
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
