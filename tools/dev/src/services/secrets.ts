import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Keys of this checkout, made once and kept: tokens and signatures stay good over a restart. */
export interface DevSecrets {
  /** Ed25519 private key, PKCS #8 in PEM. */
  readonly jwtKeyFile: string;
  /** `whsec_` and base64, as Standard Webhooks has it. */
  readonly callbackSecret: string;
}

export function devSecrets(dataDir: string): DevSecrets {
  const folder = join(dataDir, 'keys');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const jwtKeyFile = join(folder, 'jwt-ed25519.pem');
  keep(jwtKeyFile, () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  const callbackFile = join(folder, 'callback-secret');
  keep(callbackFile, () => `whsec_${randomBytes(32).toString('base64')}\n`);
  return { jwtKeyFile, callbackSecret: readFileSync(callbackFile, 'utf8').trim() };
}

function keep(file: string, make: () => string): void {
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600, flag: 'wx' });
}
