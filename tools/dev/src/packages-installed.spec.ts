import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './workspace';

const LOCK = {
  '': { name: 'state-server' },
  'node_modules/a': { version: '1.0.0' },
  'node_modules/a-for-another-system': { version: '1.0.0', optional: true },
};

describe('packages are installed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'packages-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const isUpToDate = (installed?: object): boolean => {
    rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: LOCK }));
    if (installed) {
      mkdirSync(join(folder, 'node_modules'));
      writeFileSync(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
    }
    return spawnSync('node', [join(ROOT, 'tools/dev/packages-installed.mjs')], { cwd: folder }).status === 0;
  };

  it('when every package of the lock file is there, but for other systems’', () => {
    expect(isUpToDate({ 'node_modules/a': { version: '1.0.0' } })).toBe(true);
  });

  it('not in a fresh clone', () => {
    expect(isUpToDate()).toBe(false);
  });

  it('not when the lock file names another version, or a package more', () => {
    expect(isUpToDate({ 'node_modules/a': { version: '0.9.0' } })).toBe(false);
    expect(isUpToDate({})).toBe(false);
  });
});
