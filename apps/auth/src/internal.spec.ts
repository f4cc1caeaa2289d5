import { createInternalSigner, INTERNAL_HEADER, realEnvironment } from '@state-server/platform';
import { closeAll, startAuth, type TestAuth } from './auth.spec-support';

const SECRET = 'kV3x9sLq72pTzWm4Yh8RbN6cJd1GfE5a';

afterEach(closeAll);

const token = (audience: string, secret = SECRET): string =>
  String(
    createInternalSigner({ secrets: () => [secret], from: 'api-gateway', clock: realEnvironment.clock })(
      audience,
    ),
  );

async function ask(auth: TestAuth, path: string, headers: Record<string, string> = {}): Promise<Response> {
  const isPost = path === '/auth/dev';
  return fetch(`${auth.http.url}${path}`, {
    headers: {
      accept: 'application/json',
      ...(isPost ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(isPost ? { method: 'POST', body: '{"name":"Ada"}' } : {}),
  });
}

describe('what only the gateway may say to auth (INT-2)', () => {
  it('is believed with its token alone: address of the client and id of the request', async () => {
    const auth = await startAuth({ INTERNAL_SECRETS: SECRET });
    const said = { 'x-forwarded-for': '192.0.2.7', 'x-request-id': 'of-the-gateway' };
    const answered = async (headers: Record<string, string>) => {
      const before = auth.lines.length;
      const response = await ask(auth, '/auth/session', headers);
      await response.text();
      const line = auth.lines.slice(before).find((one) => one.includes('"http.request"')) ?? '{}';
      return [response.headers.get('x-request-id'), (JSON.parse(line) as { address?: string }).address];
    };
    const own = expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown;
    expect(await answered({ ...said, [INTERNAL_HEADER]: token('auth') })).toEqual([
      'of-the-gateway',
      '192.0.2.7',
    ]);
    expect(await answered(said)).toEqual([own, '127.0.0.1']);
    expect(await answered({ ...said, [INTERNAL_HEADER]: token('sync-gateway') })).toEqual([own, '127.0.0.1']);
    expect(await answered({ ...said, [INTERNAL_HEADER]: token('auth', 'another') })).toEqual([
      own,
      '127.0.0.1',
    ]);
    expect(auth.lines.join('')).not.toContain(token('auth').split('.')[2]);
  });
});

describe('calls that pass the gateway by (INT-3)', () => {
  const strict = { INTERNAL_SECRETS: SECRET, REQUIRE_INTERNAL: 'true' };

  it('are refused where that is asked for, but for health and public keys', async () => {
    const auth = await startAuth(strict);
    const status = async (path: string, headers?: Record<string, string>) =>
      (await ask(auth, path, headers)).status;
    expect([
      await status('/auth/dev'),
      await status('/auth/session'),
      await status('/nothing'),
      await status('/auth/dev', { [INTERNAL_HEADER]: token('sync-gateway') }),
    ]).toEqual([403, 403, 403, 403]);
    expect([
      await status('/auth/dev', { [INTERNAL_HEADER]: token('auth') }),
      await status('/auth/.well-known/jwks.json'),
      await status('/health/ready'),
    ]).toEqual([200, 200, 200]);
  });

  it('are refused in production unless somebody says otherwise', async () => {
    const production = {
      ...{
        NODE_ENV: 'production',
        DEV_AUTH: 'false',
        TLS_AT_EDGE: 'true',
        EMBEDDED_STORE_IN_PRODUCTION: 'true',
      },
      INTERNAL_SECRETS: SECRET,
    };
    expect((await ask(await startAuth(production), '/auth/session')).status).toBe(403);
    expect(
      (await ask(await startAuth({ ...production, REQUIRE_INTERNAL: 'false' }), '/auth/session')).status,
    ).toBe(401);
  });
});
