import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logFolder, rotateLogs } from './log-files';

describe('log files', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'logs-'));
  afterAll(() => rmSync(dataDir, { recursive: true }));

  it('need not be there yet', () => {
    expect(() => rotateLogs(dataDir)).not.toThrow();
  });

  it('are put aside once they have grown large, and grow anew', () => {
    mkdirSync(logFolder(dataDir));
    writeFileSync(join(logFolder(dataDir), 'auth.log'), 'x'.repeat(11));
    writeFileSync(join(logFolder(dataDir), 'redis.log'), 'x');
    rotateLogs(dataDir, 10);
    expect(readdirSync(logFolder(dataDir)).sort()).toEqual(['auth.log.old', 'redis.log']);
  });
});
