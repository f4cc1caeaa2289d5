import { createPrivateKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { devSecrets } from './secrets';

describe('secrets of a checkout', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'secrets-'));
  afterAll(() => rmSync(dataDir, { recursive: true }));

  const keyIn = (file: string): string =>
    (JSON.parse(readFileSync(file, 'utf8')) as { keys: { private_key: string }[] }).keys[0]?.private_key ??
    '';

  it('makes an Ed25519 key and a secret between services that only their owner can read', () => {
    const { keySetFile, internalSecretsFile } = devSecrets(dataDir);
    expect(createPrivateKey(keyIn(keySetFile)).asymmetricKeyType).toBe('ed25519');
    expect(readFileSync(internalSecretsFile, 'utf8')).toMatch(/^[\w-]{43}\n$/);
    for (const file of [keySetFile, internalSecretsFile]) expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('goes on with the key of an earlier version', () => {
    const folder = join(dataDir, 'earlier');
    mkdirSync(join(folder, 'keys'), { recursive: true });
    const pem = keyIn(devSecrets(dataDir).keySetFile);
    writeFileSync(join(folder, 'keys/jwt-ed25519.pem'), pem);
    expect(keyIn(devSecrets(folder).keySetFile)).toBe(pem);
  });

  it('makes a callback secret in the form of Standard Webhooks', () => {
    expect(devSecrets(dataDir).callbackSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  });

  it('keeps all over a restart', () => {
    const before = devSecrets(dataDir);
    const key = readFileSync(before.keySetFile, 'utf8');
    expect(devSecrets(dataDir)).toEqual(before);
    expect(readFileSync(before.keySetFile, 'utf8')).toBe(key);
  });
});
