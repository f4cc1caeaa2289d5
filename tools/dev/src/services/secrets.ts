import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Keys of this checkout, made once and kept: tokens and signatures stay good over a restart. */
export interface DevSecrets {
  /** The key set of auth, as `./dev keys` changes it. */
  readonly keySetFile: string;
  /** `whsec_` and base64, as Standard Webhooks has it. */
  readonly callbackSecret: string;
  /** What the services prove to each other with that a call is theirs. */
  readonly internalSecretsFile: string;
}

export function devSecrets(dataDir: string): DevSecrets {
  const folder = join(dataDir, 'keys');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keySetFile = join(folder, 'jwt-key-set.json');
  keep(keySetFile, () => keySetOf(join(folder, 'jwt-ed25519.pem')));
  const callbackFile = join(folder, 'callback-secret');
  keep(callbackFile, () => `whsec_${randomBytes(32).toString('base64')}\n`);
  const internalSecretsFile = join(folder, 'internal-secrets');
  keep(internalSecretsFile, () => `${randomBytes(32).toString('base64url')}\n`);
  return { keySetFile, callbackSecret: readFileSync(callbackFile, 'utf8').trim(), internalSecretsFile };
}

/** A set of one key; that of earlier versions, where there is one: nobody has to sign in again. */
function keySetOf(earlier: string): string {
  const private_key = existsSync(earlier)
    ? readFileSync(earlier, 'utf8')
    : generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const at = new Date().toISOString();
  return `${JSON.stringify({ keys: [{ private_key, published_at: at, signs_from: at }] }, null, 2)}\n`;
}

function keep(file: string, make: () => string): void {
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600, flag: 'wx' });
}
