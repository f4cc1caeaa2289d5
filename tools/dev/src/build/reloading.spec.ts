import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@state-server/testing';
import { Reloading } from './reloading';

describe('program that is started anew with every build', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reloading-'));
  const program = join(folder, 'main.cjs');
  let heard: string[];
  let reloading: Reloading;

  beforeEach(() => {
    heard = [];
    reloading = new Reloading({
      program,
      env: process.env,
      onLine: (line) => heard.push(line),
      onEnded: (how) => heard.push(`ended: ${how}`),
    });
  });
  afterEach(() => reloading.end());
  afterAll(() => rmSync(folder, { recursive: true }));

  const write = (version: number): void =>
    writeFileSync(
      program,
      `process.on('SIGTERM', () => { console.log('bye ${version}'); process.exit(0); });
       console.log('version ${version}'); setInterval(() => {}, 1000);`,
    );
  const hear = (line: string): Promise<boolean> => until(() => heard.includes(line), { what: `'${line}'` });

  it('ends the old version before the new one begins', async () => {
    write(1);
    await reloading.reload();
    await hear('version 1');
    write(2);
    await reloading.reload();
    await hear('version 2');
    expect(heard).toEqual(['version 1', 'bye 1', 'version 2']);
  });

  it('says when the program ends by itself, and starts it again with the next build', async () => {
    writeFileSync(program, 'process.exit(3)');
    await reloading.reload();
    await hear('ended: exit code 3');
    write(4);
    await reloading.reload();
    await hear('version 4');
  });
});
