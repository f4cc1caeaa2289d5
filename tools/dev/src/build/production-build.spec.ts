import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@state-server/testing';
import { build } from 'esbuild';
import { ROOT } from '../workspace';
import { appBundle, type BuildMode } from './app-bundle';

/** What stands in the code of the sign-in of development, and nowhere else. */
const TRACES = ['dev-sign-in', 'DevSignInHttp', 'signInDev', 'auth.sign_in_dev'];
const SETTINGS = {
  NODE_ENV: 'development',
  DEV_AUTH: 'true',
  HOST: '127.0.0.1',
  PORT: '0',
  METRICS_PORT: '0',
  REDIS_URL: 'redis://127.0.0.1:1',
};
/** A Node process starts slowly on a busy machine. */
jest.setTimeout(60_000);

describe('the auth service as it is built', () => {
  // Inside the workspace, for packages are looked up from where the bundle lies.
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, 'dist/production-spec-'));
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function built(mode: BuildMode): Promise<{ readonly program: string; readonly text: string }> {
    const program = join(folder, mode, 'main.cjs');
    await build(appBundle('auth', program, mode));
    return { program, text: readFileSync(program, 'utf8') };
  }

  /** The status of a sign-in of development, of the program run as leniently as it can be. */
  async function signIn(program: string): Promise<number> {
    const { privateKey } = generateKeyPairSync('ed25519');
    const child = spawn(process.execPath, [program], {
      env: {
        PATH: process.env['PATH'] ?? '',
        ...SETTINGS,
        STORE_PATH: join(folder, 'store'),
        JWT_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    let out = '';
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    const url = await until(() => /"url":"([^"]+)"/.exec(out)?.[1], {
      what: 'auth to listen',
      timeoutMs: 40_000,
    });
    const answer = await fetch(`${url}/auth/dev`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"Ada"}',
    });
    return answer.status;
  }

  it('for production holds no sign-in of development, and no setting opens one (OAUTH-15, ID9)', async () => {
    const { program, text } = await built('production');
    expect(TRACES.filter((trace) => text.includes(trace))).toEqual([]);
    expect(await signIn(program)).toBe(404);
  });

  it('for development holds one (ID9)', async () => {
    const { program, text } = await built('development');
    expect(TRACES.filter((trace) => text.includes(trace))).toEqual(TRACES);
    expect(await signIn(program)).toBe(200);
  });
});
