import { TestBrowser, type TestProvider } from '@state-server/testing';
import { closeAll, codeOf } from './auth.spec-support';
import { RETURN, startAuthWith, startProvider, TestClient, tokenOf } from './oauth.spec-support';

let provider: TestProvider;
beforeAll(async () => {
  provider = await startProvider();
});
afterEach(async () => {
  provider.reset();
  await closeAll();
});
afterAll(() => provider.close());

const LIBRARIES = [
  ['google', { GOOGLE_STRATEGY: 'passport-google-oauth20' }],
  ['google', { GOOGLE_STRATEGY: 'openid-client' }],
  ['microsoft', { MICROSOFT_STRATEGY: 'passport-azure-ad' }],
  ['microsoft', { MICROSOFT_STRATEGY: 'openid-client' }],
] as const;

describe('signing in with a provider', () => {
  it.each(LIBRARIES)('%s (%j) gives a client tokens for its one-time code (OAUTH-9)', async (name, env) => {
    const auth = await startAuthWith(provider, env);
    const client = new TestClient(auth, provider);
    const returned = await client.comeBack(name, { return_to: `${RETURN}?state=own&code=forged` });
    expect(returned.href).toMatch(/^https:\/\/client\.test\/signed-in\?state=own&code=[\w-]{43}$/);
    const answer = await client.redeem(returned.searchParams.get('code') ?? '');
    expect([answer.status, answer.body['token_type'], answer.headers.get('cache-control')]).toEqual([
      200,
      'Bearer',
      'no-store',
    ]);
    const session = await auth.send('GET', '/auth/session', { token: tokenOf(answer) });
    expect([session.status, session.body['user']]).toEqual([200, answer.body['user']]);
    expect(answer.body['user']).toMatchObject({ name: 'Ada Lovelace', roles: ['user'] });
  });

  it('sends the browser on with nothing kept and nothing told (OAUTH-9)', async () => {
    const client = new TestClient(await startAuthWith(provider), provider);
    const begun = await client.browser.get(client.begin('google'));
    const [cookie] = [begun.headers['set-cookie'] ?? []].flat();
    expect(cookie).toMatch(/^sign-in=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
    const done = await client.browser.get(await client.toCallback('google'));
    for (const { status, headers } of [begun, done]) {
      expect([status, headers['cache-control'], headers['referrer-policy']]).toEqual([
        303,
        'no-store',
        'no-referrer',
      ]);
    }
  });

  it('binds with a cookie of this host alone where the origin has TLS (OAUTH-10)', async () => {
    const client = new TestClient(
      await startAuthWith(provider, { PUBLIC_URL: 'https://world.test' }),
      provider,
    );
    const begun = await client.browser.get(client.begin('google'));
    expect(String(begun.headers['set-cookie'])).toMatch(/^__Host-sign-in=[\w-]{43}; Path=\/;.*; Secure$/);
    expect(new URL(begun.location ?? '').searchParams.get('redirect_uri')).toBe(
      'https://world.test/auth/google/callback',
    );
  });

  it('is finished by no other browser than the one that began (login CSRF, OAUTH-10)', async () => {
    const client = new TestClient(await startAuthWith(provider), provider);
    const callback = await client.toCallback('google');
    const victim = await new TestBrowser().get(callback);
    expect([victim.status, victim.location]).toEqual([400, undefined]);
    expect(victim.text).toContain('oauth.flow_invalid');
    // And it is over for whoever began it, too.
    expect((await client.browser.get(callback)).status).toBe(400);
    const begun = new TestClient(client.auth, provider);
    await begun.browser.get(begun.begin('google'));
    const foreign = await begun.browser.get(await client.toCallback('google'));
    expect(foreign.status).toBe(400);
  });

  it('takes a state once, at the provider that it is of, for ten minutes (OAUTH-3, OAUTH-4)', async () => {
    const client = new TestClient(await startAuthWith(provider), provider);
    const once = await client.toCallback('google');
    expect((await client.browser.get(once)).status).toBe(303);
    expect((await client.browser.get(once)).status).toBe(400);
    const mixed = (await client.toCallback('google')).replace('/auth/google/', '/auth/microsoft/');
    expect((await client.browser.get(mixed)).status).toBe(400);
    const unknown = `${client.auth.http.url}/auth/google/callback?code=x&state=${'s'.repeat(43)}`;
    expect((await client.browser.get(unknown)).status).toBe(400);
    const late = await client.toCallback('google');
    await client.auth.environment.advance(10 * 60_000);
    expect((await client.browser.get(late)).status).toBe(400);
    const ofAnother = `${await client.toCallback('google')}&iss=https://evil.test`;
    const { location } = await client.browser.get(ofAnother);
    expect(location).toBe(`${RETURN}?error=oauth.answer_invalid`);
  });

  it('has two tabs of one browser sign in at the same time (OAUTH-10)', async () => {
    const client = new TestClient(await startAuthWith(provider), provider);
    const first = await client.toCallback('google');
    const second = await client.toCallback('microsoft');
    for (const callback of [first, second]) expect((await client.browser.get(callback)).status).toBe(303);
  });

  it.each([
    'https://evil.test/signed-in',
    'https://client.test.evil.test/signed-in',
    'https://client.test@evil.test/signed-in',
    'https://client.test/signed-in/../other',
    'https://client.test/signed-in#x',
    'https://client.test:444/signed-in',
    'http://client.test/signed-in',
    '//evil.test/signed-in',
    'javascript:alert(1)',
  ])('sends nobody to %s (open redirect, OAUTH-11)', async (return_to) => {
    const client = new TestClient(await startAuthWith(provider), provider);
    const answer = await client.browser.get(client.begin('google', { return_to }));
    expect([answer.status, answer.location]).toEqual([400, undefined]);
    expect(answer.text).toContain('oauth.return_refused');
    expect(answer.text).not.toContain('evil');
  });

  it('has a program on a desktop take any port of a listed loopback address (OAUTH-11)', async () => {
    const auth = await startAuthWith(provider, { OAUTH_RETURN_URLS: 'http://127.0.0.1/cb' });
    const client = new TestClient(auth, provider);
    const returned = await client.comeBack('google', { return_to: 'http://127.0.0.1:53124/cb' });
    expect(returned.origin).toBe('http://127.0.0.1:53124');
  });

  it('tells the client why nobody signed in (OAUTH-7, OAUTH-8)', async () => {
    const client = new TestClient(await startAuthWith(provider), provider);
    provider.behaviour.deny = 'access_denied';
    expect((await client.comeBack('google')).search).toBe('?error=oauth.denied');
    provider.reset();
    const callback = await client.toCallback('google');
    provider.behaviour.answer = () => ({ status: 503 });
    expect((await client.browser.get(callback)).location).toBe(`${RETURN}?error=oauth.provider_unavailable`);
    const begun = await client.browser.get(client.begin('microsoft'));
    expect(begun.location).toBe(`${RETURN}?error=oauth.provider_unavailable`);
  });

  it('is not there for a provider that is not set (OAUTH-12)', async () => {
    const auth = await startAuthWith(provider, { MICROSOFT_CLIENT_ID: '', MICROSOFT_CLIENT_SECRET: '' });
    const answer = await auth.send('GET', '/auth/microsoft');
    expect([answer.status, codeOf(answer)]).toEqual([404, 'request.not_found']);
    expect((await auth.send('GET', '/auth/providers')).body).toEqual({
      items: [{ provider: 'google', path: '/auth/google' }],
    });
  });
});

describe('a one-time code (OAUTH-9)', () => {
  it('works once, for a minute, for the client that began', async () => {
    const client = new TestClient(await startAuthWith(provider), provider);
    const code = await client.codeOf('google');
    const [one, two] = await Promise.all([client.redeem(code), client.redeem(code)]);
    expect([one.status, two.status].sort()).toEqual([200, 400]);
    expect([codeOf(one), codeOf(two)]).toContain('oauth.code_invalid');
    const stolen = await client.codeOf('google');
    expect(codeOf(await client.redeem(stolen, 'v'.repeat(43)))).toBe('oauth.code_invalid');
    expect(codeOf(await client.redeem(stolen))).toBe('oauth.code_invalid');
    const late = await client.codeOf('google');
    await client.auth.environment.advance(60_000);
    expect(codeOf(await client.redeem(late))).toBe('oauth.code_invalid');
  });

  it('is not in the log, nor is anything else that opens a door', async () => {
    const client = new TestClient(await startAuthWith(provider), provider);
    const callback = await client.toCallback('google');
    const { location = '' } = await client.browser.get(callback);
    const code = new URL(location).searchParams.get('code') ?? '';
    await client.redeem(code);
    const given = new URL(callback).searchParams;
    const log = client.auth.lines.join('\n');
    expect(log).toContain('auth.signed_in');
    for (const secret of [
      code,
      given.get('code'),
      given.get('state'),
      client.verifier,
      provider.client.secret,
    ]) {
      expect(secret).toMatch(/.{20}/);
      expect(log.includes(secret ?? 'none')).toBe(false);
    }
  });
});

describe('an administrator by address (USER-3, OAUTH-6)', () => {
  it.each([
    [true, ['user', 'admin']],
    [false, ['user']],
  ])('whose address is verified: %s', async (email_verified, roles) => {
    const auth = await startAuthWith(provider, { ADMIN_EMAILS: 'ada@example.test' });
    provider.behaviour.account = { ...provider.behaviour.account, email_verified };
    const answer = await new TestClient(auth, provider).signIn('google');
    const user = answer.body['user'] as Record<string, unknown>;
    expect(user['roles']).toEqual(roles);
    expect(user['email']).toBe(email_verified ? 'ada@example.test' : undefined);
  });

  it('is none by what the administrator of some tenant wrote', async () => {
    const auth = await startAuthWith(provider, { ADMIN_EMAILS: 'ada@example.test' });
    const roles = async () =>
      ((await new TestClient(auth, provider).signIn('microsoft')).body['user'] as { roles?: unknown }).roles;
    expect(await roles()).toEqual(['user']);
    provider.behaviour.account = { ...provider.behaviour.account, xms_edov: true };
    expect(await roles()).toEqual(['user', 'admin']);
  });
});
