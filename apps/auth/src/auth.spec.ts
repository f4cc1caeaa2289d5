import * as features from '@state-server/features-auth';
import {
  type Answer,
  closeAll,
  codeOf,
  PEM,
  startAuth,
  type TestAuth,
  PRODUCTION_INTERNAL,
} from './auth.spec-support';

jest.mock('@state-server/features-auth', () => {
  const actual = jest.requireActual<typeof features>('@state-server/features-auth');
  return { ...actual, loadDevSignIn: jest.fn(actual.loadDevSignIn) };
});
const loadDevSignIn = jest.mocked(features.loadDevSignIn);

afterEach(async () => {
  await closeAll();
  loadDevSignIn.mockClear();
});

const text = (value: unknown): string => String(value);
const signIn = (auth: TestAuth, json?: true): Promise<Answer> =>
  auth.send('POST', '/auth/dev', { body: { name: 'Ada' }, ...(json && { json }) });

describe('the auth service', () => {
  it.each([['CBOR'], ['JSON']])('signs in, tells the session, refreshes and logs out in %s', async (form) => {
    const json = form === 'JSON' ? ({ json: true } as const) : {};
    const auth = await startAuth();
    const first = await auth.send('POST', '/auth/dev', { body: { name: 'Ada' }, ...json });
    expect([first.status, first.body['token_type'], first.headers.get('cache-control')]).toEqual([
      200,
      'Bearer',
      'no-store',
    ]);
    const { refresh_token } = first.body;
    const second = await auth.send('POST', '/auth/refresh', { body: { refresh_token }, ...json });
    expect([second.status, second.body['user']]).toEqual([200, first.body['user']]);
    const token = text(second.body['access_token']);
    const session = await auth.send('GET', '/auth/session', { token, ...json });
    expect([session.status, session.body['user']]).toEqual([200, first.body['user']]);
    const out = await auth.send('POST', '/auth/logout', { token, ...json });
    expect([out.status, out.body]).toEqual([204, {}]);
    const after = await auth.send('POST', '/auth/refresh', { body: second.body, ...json });
    expect(after.status).toBe(400);
    const dead = { refresh_token: second.body['refresh_token'] };
    const ended = await auth.send('POST', '/auth/refresh', { body: dead, ...json });
    expect([ended.status, codeOf(ended)]).toEqual([401, 'auth.refresh_invalid']);
  });

  it('ends the session when a refresh token is used again, and leaves twins alone', async () => {
    const auth = await startAuth();
    const { body } = await signIn(auth);
    const old = { refresh_token: body['refresh_token'] };
    const next = await auth.send('POST', '/auth/refresh', { body: old });
    const twin = await auth.send('POST', '/auth/refresh', { body: old });
    expect([twin.status, codeOf(twin)]).toEqual([409, 'auth.refresh_superseded']);
    await auth.environment.advance(11_000);
    const thief = await auth.send('POST', '/auth/refresh', { body: old });
    expect([thief.status, codeOf(thief)]).toEqual([401, 'auth.refresh_reused']);
    const session = await auth.send('GET', '/auth/session', { token: text(next.body['access_token']) });
    expect([session.status, codeOf(session)]).toEqual([401, 'auth.revoked']);
  });

  it('publishes its keys for half a minute to whoever asks, and nothing private', async () => {
    const auth = await startAuth();
    const { status, headers, body } = await auth.send('GET', '/auth/.well-known/jwks.json', { json: true });
    expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=30']);
    const [key, ...more] = body['keys'] as Record<string, unknown>[];
    expect(more).toEqual([]);
    expect(Object.keys(key ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
  });

  it.each([
    ['no token', undefined, 'auth.required', 'Bearer'],
    ['rubbish', 'x', 'auth.invalid_token', 'Bearer error="invalid_token"'],
    [
      'alg none',
      'eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.',
      'auth.invalid_token',
      'Bearer error="invalid_token"',
    ],
  ])('answers 401 to %s', async (_name, token, code, challenge) => {
    const auth = await startAuth();
    const answer = await auth.send('GET', '/auth/session', token === undefined ? {} : { token });
    expect([answer.status, codeOf(answer), answer.headers.get('www-authenticate')]).toEqual([
      401,
      code,
      challenge,
    ]);
  });

  it('limits sign-ins by address, and says when to come again', async () => {
    const auth = await startAuth({ SIGN_INS_PER_MINUTE: '2' });
    const statuses = [await signIn(auth), await signIn(auth), await signIn(auth)];
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(Number(statuses[2]?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('counts them by the address that api-gateway tells, and by no claim of anybody else', async () => {
    const from = (auth: TestAuth, address: string): Promise<number> =>
      fetch(`${auth.http.url}/auth/dev`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
        body: '{"name":"Ada"}',
      }).then(({ status }) => status);
    const behind = await startAuth({ SIGN_INS_PER_MINUTE: '1' });
    expect([
      await from(behind, '192.0.2.1'),
      await from(behind, '192.0.2.2'),
      await from(behind, '192.0.2.1'),
    ]).toEqual([200, 200, 429]);
    const alone = await startAuth({ SIGN_INS_PER_MINUTE: '1', TRUSTED_PROXIES: '192.0.2.99' });
    expect([await from(alone, '192.0.2.1'), await from(alone, '192.0.2.2')]).toEqual([200, 429]);
  });

  it('writes no token, key or name of a key into its log', async () => {
    const auth = await startAuth();
    const { body } = await signIn(auth, true);
    const token = text(body['access_token']);
    await auth.send('GET', '/auth/session', { token, json: true });
    await auth.send('POST', '/auth/refresh', { body: { refresh_token: 'hunter2' }, json: true });
    const log = auth.lines.join('\n');
    expect(log).toContain('auth.signed_in');
    for (const secret of [token, text(body['refresh_token']), 'hunter2', PEM.split('\n')[1] ?? PEM]) {
      expect(log.includes(secret)).toBe(false);
    }
  });
});

describe('the sign-in of development (ID9)', () => {
  it('is not there unless it was asked for', async () => {
    const auth = await startAuth({ DEV_AUTH: 'false' });
    const answer = await signIn(auth);
    expect([answer.status, codeOf(answer)]).toEqual([404, 'request.not_found']);
    expect(loadDevSignIn).not.toHaveBeenCalled();
  });

  it('is not even loaded in production, though somebody got past the settings', async () => {
    const auth = await startAuth(
      {
        ...PRODUCTION_INTERNAL,
        NODE_ENV: 'production',
        DEV_AUTH: 'false',
        TLS_AT_EDGE: 'true',
        EMBEDDED_STORE_IN_PRODUCTION: 'true',
      },
      { DEV_AUTH: true },
    );
    const answer = await signIn(auth);
    expect([answer.status, codeOf(answer)]).toEqual([404, 'request.not_found']);
    expect(loadDevSignIn).not.toHaveBeenCalled();
    expect(answer.headers.get('strict-transport-security')).toContain('max-age');
  });

  it('is loaded in development', async () => {
    const auth = await startAuth();
    expect((await signIn(auth)).status).toBe(200);
    expect(loadDevSignIn).toHaveBeenCalledTimes(1);
  });
});
