import { mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KeySet, newPrivateKey, parseKeySet, stateOf } from '@state-server/identity';
import { type FakeVault, startFakeVault } from '@state-server/testing';
import { runCommand } from './command';

const MINUTE = 60_000;
const NOW = Date.parse('2026-03-01T12:00:00.000Z');

let folder: string;
let vault: FakeVault | undefined;
let clock: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys-'));
  clock = NOW;
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await vault?.close();
  vault = undefined;
});

async function keys(args: string, environment: Record<string, string> = {}): Promise<string> {
  const lines: string[] = [];
  const parts = [...args.split(' '), '--data', folder];
  const world = { environment, now: () => clock, write: (line: string) => void lines.push(line) };
  expect(await runCommand(parts, world)).toBe(0);
  return lines.join('\n');
}
const setIn = (file: string): KeySet => parseKeySet(readFileSync(join(folder, file), 'utf8'));
const states = (set: KeySet): string[] => set.keys.map((key) => stateOf(set, key, clock));

describe('keys rotate (KEY-5)', () => {
  it('publishes before it signs, in a file of SECRETS_DIR, and goes on with the key in PEM that was there', async () => {
    const pem = newPrivateKey();
    writeFileSync(join(folder, 'JWT_PRIVATE_KEY'), pem);
    const words = await keys('rotate', { SECRETS_DIR: folder });
    expect(states(setIn('JWT_KEY_SET'))).toEqual(['next', 'signing']);
    expect(setIn('JWT_KEY_SET').keys[1]?.private_key.trim()).toBe(pem.trim());
    clock += 6 * MINUTE;
    expect(states(setIn('JWT_KEY_SET'))).toEqual(['signing', 'retired']);
    const listed = await keys('list', { SECRETS_DIR: folder });
    expect(listed).toMatch(/signing .*\n.*retired /);
    for (const text of [words, listed]) expect(text).not.toMatch(/PRIVATE KEY|MC4C/);
  });

  it('does nothing the second time, until the new key signs', async () => {
    await keys('rotate', { SECRETS_DIR: folder });
    await keys('rotate', { SECRETS_DIR: folder });
    const before = readFileSync(join(folder, 'JWT_KEY_SET'), 'utf8');
    expect(await keys('rotate', { SECRETS_DIR: folder })).toContain('a rotation is under way');
    expect(readFileSync(join(folder, 'JWT_KEY_SET'), 'utf8')).toBe(before);
  });

  it('is one rotation in Vault, though two people ask at the same time', async () => {
    vault = await startFakeVault({ token: 'hvs.t' });
    vault.put({ JWT_PRIVATE_KEY: newPrivateKey(), SMTP_PASSWORD: 'kept' });
    const environment = { VAULT_ADDR: vault.url, VAULT_TOKEN: 'hvs.t' };
    const words = await Promise.all([keys('rotate', environment), keys('rotate', environment)]);
    expect(words.filter((text) => text.includes('under way'))).toHaveLength(1);
    expect(vault.data['SMTP_PASSWORD']).toBe('kept');
    expect(states(parseKeySet(String(vault.data['JWT_KEY_SET'])))).toEqual(['next', 'signing']);
  });

  it('changes the file that auth was given, whatever is in it', async () => {
    writeFileSync(join(folder, 'key.pem'), newPrivateKey());
    await keys('rotate', { JWT_PRIVATE_KEY_FILE: join(folder, 'key.pem') });
    expect(states(setIn('key.pem'))).toEqual(['next', 'signing']);
    await keys(`rotate --compromised --file ${join(folder, 'key.pem')}`);
    expect(states(setIn('key.pem'))).toEqual(['signing']);
  });

  it('says what it cannot do: in the environment, in a mounted Kubernetes secret, with too little time', async () => {
    await expect(keys('rotate', { JWT_PRIVATE_KEY: newPrivateKey() })).rejects.toThrow(
      'JWT_PRIVATE_KEY stands in the environment',
    );
    mkdirSync(join(folder, '..version'));
    symlinkSync('..version', join(folder, '..data'));
    await expect(keys('rotate', { SECRETS_DIR: folder })).rejects.toThrow('mounted Kubernetes secret');
    await expect(keys('rotate --lead 10', {})).rejects.toThrow('--lead is a whole number');
    await expect(keys('rotate', {})).rejects.toThrow('there is no key set');
  });
});
