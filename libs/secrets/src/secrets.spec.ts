import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeEnvironment } from '@state-server/testing';
import { environmentPlace } from './places/environment-place';
import { filesPlace } from './places/files-place';
import { folderPlace } from './places/folder-place';
import type { SecretPlace } from './secret-place';
import type { SecretsError } from './secret-source';
import { openSecrets } from './secrets';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'secrets-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const fixed = (setting: string, values: Record<string, string>): SecretPlace => ({
  setting,
  isManager: true,
  read: () => Promise.resolve(new Map(Object.entries(values))),
});

/** As the kubelet does: a new folder, and the link turned at once. */
function mountVersion(version: string, secrets: Record<string, string>): void {
  mkdirSync(join(folder, version));
  for (const [name, text] of Object.entries(secrets)) writeFileSync(join(folder, version, name), text);
  symlinkSync(version, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
}

describe('secrets of several places (SECRET-1)', () => {
  it('are taken from the first place that has them', async () => {
    const secrets = await openSecrets({
      places: [
        fixed('VAULT_ADDR', { A: 'vault' }),
        fixed('SECRETS_DIR', { A: 'folder', B: 'folder' }),
        environmentPlace({ A: 'env', B: 'env', C: 'env', D: '', PATH: '/bin' }, ['A', 'B', 'C', 'D']),
      ],
    });
    expect(['A', 'B', 'C', 'D', 'PATH'].map((name) => secrets.get(name))).toEqual([
      ...['vault', 'folder', 'env'],
      ...[undefined, undefined],
    ]);
    expect(secrets.names()).toEqual(['A', 'B']);
    expect(secrets.placeOf('B')).toBe('SECRETS_DIR');
  });

  it('are refused with all that is wrong at once, by setting and never by value', async () => {
    const places = [folderPlace(join(folder, 'none')), filesPlace(new Map([['A', join(folder, 'nothing')]]))];
    const error: unknown = await openSecrets({ places }).catch((thrown: unknown) => thrown);
    expect((error as SecretsError).problems).toEqual([
      'SECRETS_DIR names a folder that cannot be read',
      'A_FILE names a file that cannot be read',
    ]);
  });

  it('are looked at again by themselves until they are closed', async () => {
    const environment = createFakeEnvironment();
    put('A', 'one');
    const secrets = await openSecrets({ places: [folderPlace(folder)] });
    secrets.watch({ timers: environment.timers, everyMs: 10_000, tell: () => undefined });
    const changed = new Promise<void>((resolve) => secrets.onChange('A', resolve));
    put('A', 'two');
    await environment.advance(10_000);
    await changed;
    expect(secrets.get('A')).toBe('two');
    secrets.close();
    put('A', 'three');
    await environment.advance(60_000);
    expect(secrets.get('A')).toBe('two');
  });

  it('go on for everybody else when one who listens fails, and its words are told nobody', async () => {
    put('A', 'one');
    const environment = createFakeEnvironment();
    const secrets = await openSecrets({ places: [folderPlace(folder)] });
    const told: unknown[] = [];
    secrets.watch({ timers: environment.timers, everyMs: 1_000, tell: (...event) => told.push(event) });
    let heard = 0;
    secrets.onChange('A', () => {
      throw new Error('hunter2 is no key');
    });
    secrets.onChange('A', () => (heard += 1));
    put('A', 'hunter2');
    await secrets.refresh();
    expect(heard).toBe(1);
    expect(JSON.stringify(told)).not.toContain('hunter2');
    secrets.close();
  });
});

describe('secrets in a folder (SECRET-2)', () => {
  it('are files named as settings are; line breaks at the end are no part of them', async () => {
    put('SMTP_PASSWORD', 'p w\n');
    put('tls.crt', 'x');
    put('EMPTY', '\n');
    expect([...(await folderPlace(folder).read())]).toEqual([['SMTP_PASSWORD', 'p w']]);
  });

  it('follow a mounted Kubernetes secret, all values of one version', async () => {
    mountVersion('..2026_1', { A: 'a1', B: 'b1' });
    const secrets = await openSecrets({ places: [folderPlace(folder)] });
    expect([secrets.get('A'), secrets.get('B')]).toEqual(['a1', 'b1']);
    mountVersion('..2026_2', { A: 'a2', B: 'b2' });
    rmSync(join(folder, '..2026_1'), { recursive: true });
    await secrets.refresh();
    expect([secrets.get('A'), secrets.get('B')]).toEqual(['a2', 'b2']);
  });

  it('of Kubernetes are not written to from here', async () => {
    mountVersion('..2026_1', { A: 'a1' });
    await expect(folderPlace(folder).change('A', () => 'x')).rejects.toThrow('mounted Kubernetes secret');
  });

  it('stay when the folder goes, and a file that cannot be read is named', async () => {
    put('A', 'one');
    const secrets = await openSecrets({ places: [folderPlace(folder)] });
    rmSync(join(folder, 'A'));
    mkdirSync(join(folder, 'A'));
    await secrets.refresh();
    expect([secrets.get('A'), secrets.state().status]).toEqual(['one', 'degraded']);
    await expect(folderPlace(folder).read()).rejects.toThrow('SECRETS_DIR: its file A cannot be read');
  });
});

describe('a change of a file (SECRET-5)', () => {
  it('replaces it whole, keeps who may read it, and leaves nothing behind', async () => {
    put('A', 'one\n');
    chmodSync(join(folder, 'A'), 0o640);
    await folderPlace(folder).change('A', (present) => `${present}, two`);
    expect(readFileSync(join(folder, 'A'), 'utf8')).toBe('one, two\n');
    expect(readdirSync(folder)).toEqual(['A']);
  });

  it('is refused while somebody else is at it, and not held up by one who was killed', async () => {
    put('A.lock', String(process.pid));
    await expect(folderPlace(folder).change('A', () => 'x')).rejects.toThrow('somebody else is changing it');
    // No process has this pid: it is above what Linux gives out.
    put('A.lock', '99999999');
    await folderPlace(folder).change('A', () => 'x');
    expect(readFileSync(join(folder, 'A'), 'utf8')).toBe('x\n');
  });

  it('begins a file that was not there', async () => {
    await filesPlace(new Map([['A', join(folder, 'new')]])).change('A', (present) => present ?? 'first');
    expect(readFileSync(join(folder, 'new'), 'utf8')).toBe('first\n');
  });
});
