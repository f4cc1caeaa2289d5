import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { formatKeySet, type KeySet, parseKeySet, rotateKeySet } from '@state-server/identity';
import { freePort, until } from '@state-server/testing';
import { buildSync } from 'esbuild';
import { ENV } from './auth.spec-support';

const ROOT = resolve(__dirname, '../../..');
/** Inside the workspace, so that the program finds its packages. */
let folder: string;
let program: string;
const children: ChildProcess[] = [];
/** A Node process starts slowly on a busy machine. */
jest.setTimeout(60_000);

beforeAll(() => {
  folder = mkdtempSync(join(ROOT, 'node_modules/.cache/auth-process-'));
  program = join(folder, 'main.cjs');
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: ['apps/auth/src/main.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    packages: 'external',
    tsconfig: 'tsconfig.base.json',
  });
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(env: Record<string, string>) {
  const child = spawn(process.execPath, [program], {
    env: {
      PATH: process.env['PATH'] ?? '',
      ...ENV,
      NODE_ENV: 'development',
      STORE_PATH: join(folder, 'store'),
      REDIS_URL: 'redis://127.0.0.1:1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const listening = (): Promise<string> =>
    until(() => /"url":"([^"]+)"/.exec(out)?.[1], { what: 'the service to listen', timeoutMs: 20_000 });
  return { child, ended, listening, out: () => out, err: () => err };
}

describe('the process of a service (PLAT-11, PLAT-12)', () => {
  it('says in one line which port is taken, and ends with 3', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { ended, err } = run({ PORT: String(port) });
    expect(await ended).toBe(3);
    expect(err()).toBe(`auth: port ${port} on 127.0.0.1 is in use by another program\n`);
    other.close();
  });

  it('says in one line each what is wrong with the settings, without values, and ends with 2', async () => {
    const { ended, err } = run({ NODE_ENV: 'production', PORT: 'hunter2', REDIS_ULR: 'hunter2' });
    expect(await ended).toBe(2);
    expect(err().trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^auth: REDIS_ULR is not known: is REDIS_URL meant\?/),
      'auth: PORT must be an integer from 0 to 65535',
      'auth: DEV_AUTH must not be true in production',
    ]);
  });

  it('says what is wrong with its key without showing it, and ends with 2', async () => {
    const { ended, err } = run({ JWT_PRIVATE_KEY: 'hunter2' });
    expect(await ended).toBe(2);
    expect(err()).toBe('auth: JWT_PRIVATE_KEY: it holds no PKCS #8 private key in PEM\n');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends in good order with 0 on %s', async (signal) => {
    const { child, ended, listening, out } = run({});
    const url = await listening();
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    child.kill(signal);
    expect(await ended).toBe(0);
    const events = [...out().matchAll(/"msg":"([^"]+)"/g)].map(([, event]) => event);
    expect(events.slice(-3)).toEqual(['service.signal', 'service.draining', 'service.closed']);
  });

  it('killed in the middle of refreshes (SIGKILL) loses no session: the same request again is answered (ID12)', async () => {
    const env = {
      STORE_PATH: join(folder, 'killed'),
      PORT: String(await freePort()),
      SIGN_INS_PER_MINUTE: '1000',
    };
    const post = async (url: string, path: string, body: object, key = ''): Promise<Response> =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(20_000),
      });
    let service = run(env);
    let url = await service.listening();
    const people = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const answer = await post(url, '/auth/dev', { name: `Ada ${index}` });
        return { token: ((await answer.json()) as { refresh_token: string }).refresh_token };
      }),
    );
    let lost = 0;
    /** As a client does: the same key with the same token, until there is an answer. */
    const goOn = async (person: { token: string }, stop: () => boolean): Promise<void> => {
      for (let round = 0; !stop() || round === 0; round += 1) {
        const [token, key] = [person.token, `${round}-${person.token.slice(0, 8)}`];
        person.token = await until(
          async () => {
            const answer = await post(url, '/auth/refresh', { refresh_token: token }, key).catch(
              () => undefined,
            );
            if (answer === undefined) lost += 1;
            else if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
            return answer && ((await answer.json()) as { refresh_token: string }).refresh_token;
          },
          { timeoutMs: 40_000, everyMs: 50, what: 'the answer to a refresh' },
        );
      }
    };
    for (let kill = 0; kill < 2; kill += 1) {
      let over = false;
      const before = lost;
      const all = people.map((person) => goOn(person, () => over));
      const seen = people[0]?.token;
      await until(() => people[0]?.token !== seen, { what: 'refreshes', timeoutMs: 20_000 });
      service.child.kill('SIGKILL');
      await service.ended;
      await until(() => lost > before, { what: 'a lost answer', timeoutMs: 20_000 });
      service = run(env);
      url = await service.listening();
      over = true;
      await Promise.all(all);
    }
    expect(new Set(people.map(({ token }) => token)).size).toBe(people.length);
  });

  it('ends at once with 1 on a second signal', async () => {
    const { child, ended, listening, out } = run({ DRAIN_DELAY_MS: '60000' });
    await listening();
    child.kill('SIGTERM');
    await until(() => out().includes('service.draining'));
    child.kill('SIGTERM');
    expect(await ended).toBe(1);
  });
});

interface Ask {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

describe('the key set of a process that is killed (KEY-4)', () => {
  const json = async (url: string, init: Ask = {}): Promise<Record<string, unknown>> => {
    const headers = { accept: 'application/json', 'content-type': 'application/json', ...init.headers };
    const response = await fetch(url, { ...init, headers });
    const body = (await response.json()) as Record<string, unknown>;
    return { status: response.status, ...body };
  };
  const kidOf = (token: unknown): unknown => {
    const header = Buffer.from(String(token).split('.')[0] ?? '', 'base64url').toString();
    return (JSON.parse(header) as { kid?: unknown }).kid;
  };
  const publishedBy = async (url: string): Promise<unknown[]> =>
    ((await json(`${url}/auth/.well-known/jwks.json`))['keys'] as { kid: unknown }[]).map(({ kid }) => kid);

  it('during a rotation loses no session: old tokens are good, and refreshing gives new ones', async () => {
    const file = join(folder, 'key-set.json');
    const rotate = (leadMs: number): KeySet => {
      const before = existsSync(file) ? parseKeySet(readFileSync(file, 'utf8')) : { keys: [] };
      const times = { now: Date.now(), leadMs, drainMs: 30 * 60_000 };
      const outcome = rotateKeySet(before, times);
      if (outcome.kind !== 'begun') throw new Error(outcome.kind);
      writeFileSync(file, formatKeySet(outcome.set));
      return outcome.set;
    };
    const [old] = rotate(0).keys;
    const env = { JWT_PRIVATE_KEY: '', JWT_KEY_SET_FILE: file, SECRETS_POLL_MS: '100' };
    const first = run(env);
    let url = await first.listening();
    const signedIn = await json(`${url}/auth/dev`, { method: 'POST', body: '{"name":"Ada"}' });
    expect(kidOf(signedIn['access_token'])).toBe(old?.kid);

    const [next] = rotate(1_000).keys;
    // Published while it does not sign yet.
    await until(async () => (await publishedBy(url)).includes(next?.kid), { timeoutMs: 20_000 });
    expect(await publishedBy(url)).toEqual([old?.kid, next?.kid]);
    first.child.kill('SIGKILL');
    await first.ended;

    url = await run(env).listening();
    const authorization = `Bearer ${String(signedIn['access_token'])}`;
    expect(await json(`${url}/auth/session`, { headers: { authorization } })).toMatchObject({ status: 200 });
    await until(async () => (await publishedBy(url))[0] === next?.kid, { timeoutMs: 20_000 });
    const refreshed = await json(`${url}/auth/refresh`, {
      method: 'POST',
      body: JSON.stringify({ refresh_token: signedIn['refresh_token'] }),
    });
    expect([refreshed['status'], kidOf(refreshed['access_token'])]).toEqual([200, next?.kid]);
    for (const token of [signedIn['access_token'], refreshed['access_token']]) {
      const session = await json(`${url}/auth/session`, {
        headers: { authorization: `Bearer ${String(token)}` },
      });
      expect(session['status']).toBe(200);
    }
  });
});
