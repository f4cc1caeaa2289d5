import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@state-server/testing';
import { buildSync } from 'esbuild';
import { ROOT } from './workspace';

/** Processes start slowly on a busy machine. */
jest.setTimeout(120_000);

const APPS = ['auth', 'sync-gateway', 'api-gateway', 'callback-ingest', 'jobs-runner'] as const;
type App = (typeof APPS)[number];

const random = (): string => `canary${randomBytes(24).toString('hex')}`;
const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const keyBody = pem.split('\n')[1] ?? pem;
const bytes = randomBytes(32).toString('base64');

/** Setting → its value, and what of it must be seen nowhere. */
const PLANTED: Readonly<Record<string, { readonly value: string; readonly canary: string }>> = {
  ...Object.fromEntries(
    ['JWT_SECRET', 'INTERNAL_SECRETS', 'GOOGLE_CLIENT_SECRET', 'MICROSOFT_CLIENT_SECRET'].map((name) => [
      name,
      plain(),
    ]),
  ),
  ...Object.fromEntries(
    ['SMTP_PASSWORD', 'TLS_CERT', 'TLS_KEY', 'VAULT_TOKEN'].map((name) => [name, plain()]),
  ),
  JWT_PRIVATE_KEY: { value: pem, canary: keyBody },
  JWT_KEY_SET: {
    value: JSON.stringify({ keys: [{ private_key: pem, published_at: 'broken' }] }),
    canary: keyBody,
  },
  CALLBACK_SECRETS: { value: `whsec_${bytes}`, canary: bytes },
  REDIS_URL: inUrl('redis://:', '@127.0.0.1:1'),
  MONGODB_URI: inUrl('mongodb://root:', '@127.0.0.1:1/world?serverSelectionTimeoutMS=200'),
};

function plain(): { value: string; canary: string } {
  const value = random();
  return { value, canary: value };
}
function inUrl(before: string, behind: string): { value: string; canary: string } {
  const canary = random();
  return { value: `${before}${canary}${behind}`, canary };
}

const planted = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, PLANTED[name]?.value ?? '']));

/** Those that a client sends. */
const SENT = {
  token: `eyJhbGciOiJFZERTQSJ9.${Buffer.from(random()).toString('base64url')}.${random()}`,
  opaque: random(),
  refresh: random(),
  ticket: random(),
  body: random(),
  internal: random(),
};

let folder: string;
const children: ChildProcess[] = [];
/** Everything that anybody could read: logs, answers, metrics. */
const seen: string[] = [];

beforeAll(() => {
  mkdirSync(join(ROOT, 'node_modules/.cache'), { recursive: true });
  folder = mkdtempSync(join(ROOT, 'node_modules/.cache/canary-'));
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: APPS.map((app) => ({ in: `apps/${app}/src/main.ts`, out: app })),
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    ...({ bundle: true, platform: 'node', format: 'cjs', target: 'node20', packages: 'external' } as const),
    tsconfig: 'tsconfig.base.json',
  });
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function run(app: App, env: Record<string, string>) {
  const common = {
    NODE_ENV: 'development',
    PORT: '0',
    METRICS_PORT: '0',
    LOG_LEVEL: 'trace',
    DATA_DIR: folder,
  };
  const child = spawn(process.execPath, [join(folder, `${app}.cjs`)], {
    env: {
      PATH: process.env['PATH'] ?? '',
      ...common,
      STORE_PATH: join(folder, 'store'),
      ...planted('REDIS_URL'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let text = '';
  const take = (data: Buffer): void => {
    text += data.toString();
    seen.push(data.toString());
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const listening = (): Promise<{ url: string; metrics: string }> =>
    until(
      () => {
        const [, url, port] = /"url":"([^"]+)","metrics_port":(\d+)/.exec(text) ?? [];
        return url === undefined ? undefined : { url, metrics: `http://127.0.0.1:${port}/metrics` };
      },
      { what: `${app} to listen`, timeoutMs: 60_000 },
    );
  let hasEnded = false;
  child.on('close', () => (hasEnded = true));
  const settled = (): Promise<true> =>
    until(() => hasEnded || text.includes('"metrics_port"'), {
      what: `${app} to end or to listen`,
      timeoutMs: 60_000,
    });
  return { listening, settled };
}

interface Ask {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

async function ask(url: string, init: Ask = {}): Promise<string> {
  const headers = { accept: 'application/json', 'content-type': 'application/json', ...init.headers };
  const response = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(20_000) });
  const text = await response.text();
  return text;
}

/** Good and bad requests with everything that a client keeps secret. Answers what was given out: tokens of a real sign-in. */
async function visit(origin: string, callbacks: string): Promise<string[]> {
  const note = async (url: string, init: Ask = {}): Promise<void> => void seen.push(await ask(url, init));
  const signedIn = JSON.parse(
    await ask(`${origin}/auth/dev`, { method: 'POST', body: '{"name":"Ada"}' }),
  ) as Record<string, string>;
  const { access_token = '', refresh_token = '' } = signedIn;
  const good = { authorization: `Bearer ${access_token}` };
  await note(`${origin}/users/me`, { headers: good });
  for (const authorization of [`Bearer ${SENT.token}`, `Bearer ${SENT.opaque}`, `Basic ${SENT.opaque}`]) {
    await note(`${origin}/users/me`, { headers: { authorization } });
  }
  const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<void> =>
    note(`${origin}${path}`, { method: 'POST', body, headers: { ...good, ...headers } });
  await post('/auth/refresh', JSON.stringify({ refresh_token: SENT.refresh }));
  await post('/auth/refresh', `{"refresh_token":"${SENT.refresh}`);
  await post('/auth/dev', JSON.stringify({ name: { password: SENT.body } }));
  await post('/brane', JSON.stringify({ name: 'x', visibility: SENT.body }), {
    'x-internal-token': SENT.internal,
  });
  await post('/object', JSON.stringify({ secret: SENT.body }), { 'idempotency-key': 'k' });
  await note(`${callbacks}/internal/callbacks/render`, {
    method: 'POST',
    body: JSON.stringify({ password: SENT.body }),
    headers: { 'webhook-id': 'm', 'webhook-timestamp': '1', 'webhook-signature': `v1,${SENT.opaque}` },
  });
  const refreshed = JSON.parse(
    await ask(`${origin}/auth/refresh`, { method: 'POST', body: JSON.stringify({ refresh_token }) }),
  ) as Record<string, string>;
  return [access_token, refresh_token, refreshed['access_token'] ?? '', refreshed['refresh_token'] ?? ''];
}

describe('what is secret (SECRET-8)', () => {
  it('is planted in every setting that is one', () => {
    const text = readFileSync(join(ROOT, '.env.example'), 'utf8');
    const blocks = text.split('\n\n').filter((block) => /\bSecret\./.test(block.replaceAll('\n#', '')));
    const names = blocks.flatMap((block) => /^#?([A-Z][A-Z0-9_]*)=/m.exec(block)?.[1] ?? []);
    expect(names.filter((name) => !Object.hasOwn(PLANTED, name))).toEqual([]);
  });

  it('stands in no log, error or metric of any service, whatever is asked of them', async () => {
    const internal = planted('INTERNAL_SECRETS');
    const auth = await run('auth', {
      ...internal,
      ...planted('JWT_PRIVATE_KEY', 'JWT_SECRET'),
      DEV_AUTH: 'true',
    }).listening();
    const verify = {
      JWT_JWKS_URL: `${auth.url}/auth/.well-known/jwks.json`,
      ...internal,
      ...planted('JWT_SECRET'),
    };
    const [callbacks, sync, jobs] = await Promise.all([
      run('callback-ingest', planted('CALLBACK_SECRETS')).listening(),
      run('sync-gateway', verify).listening(),
      run('jobs-runner', {}).listening(),
    ]);
    const gateway = await run('api-gateway', {
      ...verify,
      AUTH_URL: auth.url,
      SYNC_GATEWAY_URLS: sync.url,
    }).listening();
    const given = await visit(gateway.url, callbacks.url);
    // And settings with which nobody can start.
    const broken = [
      run('auth', planted('JWT_KEY_SET')),
      run('auth', {
        ...planted('JWT_PRIVATE_KEY', 'GOOGLE_CLIENT_SECRET', 'MICROSOFT_CLIENT_SECRET'),
        NODE_ENV: 'production',
      }),
      run('api-gateway', planted('TLS_KEY', 'TLS_CERT')),
      run('callback-ingest', {
        ...planted('VAULT_TOKEN', 'CALLBACK_SECRETS'),
        VAULT_ADDR: 'http://127.0.0.1:1',
      }),
      run('callback-ingest', { ...planted('MONGODB_URI', 'CALLBACK_SECRETS') }),
    ];
    const mail = run('jobs-runner', planted('SMTP_PASSWORD'));
    // What does not start has ended; what starts all the same has said what it had to say.
    await Promise.all([...broken, mail].map(({ settled }) => settled()));
    for (const one of [auth, callbacks, sync, gateway, jobs]) seen.push(await ask(one.metrics));

    const everything = seen.join('\n');
    // It was looked at what there is to see.
    for (const trace of [
      'http.request',
      'auth.invalid_token',
      'auth.signed_in',
      'http_request_duration_seconds',
      'VAULT_ADDR',
    ]) {
      expect(everything).toContain(trace);
    }
    const canaries = [
      ...Object.values(PLANTED).map(({ canary }) => canary),
      ...Object.values(SENT),
      ...given,
    ];
    expect(canaries.every((canary) => canary.length > 20)).toBe(true);
    expect(canaries.filter((canary) => everything.includes(canary))).toEqual([]);
  });
});
