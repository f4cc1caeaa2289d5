import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { devSecrets } from './secrets';

describe('secrets of a checkout', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'secrets-'));
  afterAll(() => rmSync(dataDir, { recursive: true }));

  it('makes an Ed25519 key that only its owner can read', () => {
    const { jwtKeyFile } = devSecrets(dataDir);
    expect(createPrivateKey(readFileSync(jwtKeyFile)).asymmetricKeyType).toBe('ed25519');
    expect(statSync(jwtKeyFile).mode & 0o777).toBe(0o600);
  });

  it('makes a callback secret in the form of Standard Webhooks', () => {
    expect(devSecrets(dataDir).callbackSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  });

  it('keeps both over a restart', () => {
    const before = devSecrets(dataDir);
    const key = readFileSync(before.jwtKeyFile, 'utf8');
    expect(devSecrets(dataDir)).toEqual(before);
    expect(readFileSync(before.jwtKeyFile, 'utf8')).toBe(key);
  });
});
