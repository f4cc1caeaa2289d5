import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from '@state-server/testing';
import { Child } from '../services/child';
import { httpProbe } from '../services/probe';
import { type ProcessIdentity } from '../services/process-identity';
import { readState, writeState } from '../services/state-file';
import { terminal } from '../terminal';
import { ROOT } from '../workspace';
import { down } from './down';

const quiet = terminal({ write: () => undefined });
const GONE: ProcessIdentity = { pid: 1, started: 'long ago' };

describe('./dev down after the supervisor was killed', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'down-'));
  const children: Child[] = [];
  afterAll(async () => {
    await Promise.all(children.map((child) => child.stop(0)));
    rmSync(dataDir, { recursive: true });
  });

  const orphan = async (name: string): Promise<Child> => {
    const port = await freePort();
    const child = new Child({
      name,
      command: process.execPath,
      args: [join(ROOT, 'tools/dev/fixtures/fake-service.cjs')],
      env: { ...process.env, NAME: name, PORT: String(port), EVENTS: join(dataDir, 'events') },
      cwd: dataDir,
      logFile: join(dataDir, `${name}.log`),
    });
    children.push(child);
    await until(() => httpProbe(`http://127.0.0.1:${port}`).live(), { what: `${name} to answer` });
    return child;
  };

  it('ends the services it left behind and nothing else', async () => {
    const [left, stranger] = [await orphan('left'), await orphan('stranger')];
    if (!left.identity || !stranger.identity) throw new Error('running children have identities');
    const recycled = { pid: stranger.identity.pid, started: 'before this one was born' };
    writeState(dataDir, {
      origin: 'http://127.0.0.1:4000',
      supervisor: GONE,
      services: [
        { name: 'left', url: '', process: left.identity },
        { name: 'died-and-its-pid-was-given-away', url: '', process: recycled },
        { name: 'waiting', url: '', process: null },
      ],
    });

    await expect(down({ dataDir, port: undefined }, quiet)).resolves.toBe(0);

    await expect(left.exited).resolves.toMatchObject({ code: 0 });
    expect(readFileSync(join(dataDir, 'events'), 'utf8')).not.toContain('told stranger');
    expect(stranger.exit).toBeUndefined();
    expect(readState(dataDir)).toBeUndefined();
  });

  it('leaves a run of another port alone', async () => {
    writeState(dataDir, { origin: 'http://127.0.0.1:4000', supervisor: GONE, services: [] });
    await down({ dataDir, port: 5000 }, quiet);
    expect(readState(dataDir)).toBeDefined();
  });
});
