import { asBraneId, asUserId } from '@state-server/domain';
import type { TestProvider } from '@state-server/testing';
import { type Answer, closeAll, codeOf, type TestAuth } from './auth.spec-support';
import { startAuthWith, startProvider, TestClient, tokenOf, userIdOf } from './oauth.spec-support';

let provider: TestProvider;
beforeAll(async () => {
  provider = await startProvider();
});
afterEach(async () => {
  provider.reset();
  await closeAll();
});
afterAll(() => provider.close());

const VERIFIED = { email: 'ada@example.test', email_verified: true, xms_edov: true };
/** Somebody at the provider; the same person at Google and at Microsoft tells the same address. */
function person(number: number): void {
  const digits = String(number).padStart(12, '0');
  provider.behaviour.account = {
    ...provider.behaviour.account,
    ...VERIFIED,
    sub: `subject-${number}`,
    oid: `22222222-2222-4222-8222-${digits}`,
  };
}

const signInDev = (auth: TestAuth, name = 'Ada'): Promise<Answer> =>
  auth.send('POST', '/auth/dev', { body: { name } });
const providersOf = async (auth: TestAuth, token: string): Promise<unknown[]> => {
  const { body } = await auth.send('GET', '/auth/identities', { token });
  return (body['items'] as { provider: string }[]).map((item) => item.provider).sort();
};
/** Has all sessions begin earlier. */
async function age(auth: TestAuth, ms: number): Promise<void> {
  await auth.store.transact({ label: 'spec' }, async (tx) => {
    for (const session of await tx.range('sessions', { prefix: [], limit: 100 })) {
      const created_at = new Date(Date.parse(session.created_at) - ms).toISOString();
      tx.put('sessions', { ...session, created_at });
    }
  });
}
const auditOf = (auth: TestAuth) =>
  auth.store.read({ label: 'spec' }, (tx) => tx.range('audit', { prefix: [], limit: 100 }));

describe('the ways to sign in of a user', () => {
  it('are one for each provider that names him: the same address is nobody’s proof (OAUTH-5)', async () => {
    const auth = await startAuthWith(provider);
    person(1);
    const google = await new TestClient(auth, provider).signIn('google');
    const microsoft = await new TestClient(auth, provider).signIn('microsoft');
    expect(google.body['user']).toMatchObject({ email: 'ada@example.test' });
    expect(microsoft.body['user']).toMatchObject({ email: 'ada@example.test' });
    expect(userIdOf(google)).not.toBe(userIdOf(microsoft));
    const again = await new TestClient(auth, provider).signIn('google');
    expect(userIdOf(again)).toBe(userIdOf(google));
  });

  it('are added while he is signed in; then each leads to the same user (OAUTH-14)', async () => {
    const auth = await startAuthWith(provider);
    const dev = await signInDev(auth);
    const token = tokenOf(dev);
    const linked = await new TestClient(auth, provider).link('google', token);
    expect([linked.status, linked.headers.get('location'), linked.body]).toEqual([
      201,
      '/auth/identities/google',
      {
        provider: 'google',
        name: 'Ada Lovelace',
        email: 'ada@example.test',
        linked_at: expect.any(String) as string,
      },
    ]);
    await new TestClient(auth, provider).link('microsoft', token);
    expect(await providersOf(auth, token)).toEqual(['dev', 'google', 'microsoft']);
    for (const name of ['google', 'microsoft'] as const) {
      expect(userIdOf(await new TestClient(auth, provider).signIn(name))).toBe(userIdOf(dev));
    }
    const acts = (await auditOf(auth)).filter(({ action }) => action === 'auth.identity_linked');
    const what = acts.map(({ actor_id, details }) => `${String(actor_id)} ${String(details?.['provider'])}`);
    expect(what.sort()).toEqual([`${userIdOf(dev)} google`, `${userIdOf(dev)} microsoft`]);
  });

  it('are not taken from anybody (OAUTH-14)', async () => {
    const auth = await startAuthWith(provider);
    const owner = await new TestClient(auth, provider).signIn('google');
    const other = tokenOf(await signInDev(auth, 'Eve'));
    const refused = await new TestClient(auth, provider).link('google', other);
    expect([refused.status, codeOf(refused)]).toEqual([409, 'identity.in_use']);
    expect(await providersOf(auth, other)).toEqual(['dev']);
    expect(userIdOf(await new TestClient(auth, provider).signIn('google'))).toBe(userIdOf(owner));
  });

  it('are one of each provider, and linking one’s own again changes nothing (OAUTH-14)', async () => {
    const auth = await startAuthWith(provider);
    const token = tokenOf(await signInDev(auth));
    person(1);
    expect((await new TestClient(auth, provider).link('google', token)).status).toBe(201);
    expect((await new TestClient(auth, provider).link('google', token)).status).toBe(201);
    person(2);
    const second = await new TestClient(auth, provider).link('google', token);
    expect([second.status, codeOf(second)]).toEqual([409, 'identity.exists']);
  });

  it('of an identity that two link at the same time, one gets it (OAUTH-14)', async () => {
    const auth = await startAuthWith(provider);
    const tokens = [tokenOf(await signInDev(auth, 'Ada')), tokenOf(await signInDev(auth, 'Eve'))];
    const codes = await Promise.all(
      tokens.map(async () => {
        const client = new TestClient(auth, provider);
        return { code: await client.codeOf('google'), code_verifier: client.verifier };
      }),
    );
    const answers = await Promise.all(
      tokens.map((token, index) => auth.send('POST', '/auth/identities', { token, body: codes[index] })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('cannot be pressed on him: whoever links has the verifier of the sign-in (OAUTH-14)', async () => {
    const auth = await startAuthWith(provider);
    const attacker = tokenOf(await signInDev(auth, 'Eve'));
    const victim = new TestClient(auth, provider);
    const code = await victim.codeOf('google');
    const body = { code, code_verifier: new TestClient(auth, provider).verifier };
    const refused = await auth.send('POST', '/auth/identities', { token: attacker, body });
    expect([refused.status, codeOf(refused)]).toEqual([400, 'oauth.code_invalid']);
    const nobody = await auth.send('POST', '/auth/identities', { body });
    expect([nobody.status, codeOf(nobody)]).toEqual([401, 'auth.required']);
  });
});

describe('a guest (OAUTH-14)', () => {
  it('gets no ways to sign in beside his guest session: he signs in with his token', async () => {
    const auth = await startAuthWith(provider);
    const dev = await signInDev(auth);
    await auth.store.transact({ label: 'spec' }, async (tx) => {
      const user = await tx.get('users', [asUserId(userIdOf(dev))]);
      const guest = {
        brane_id: asBraneId('33333333-3333-4333-8333-333333333333'),
        expires_at: '2100-01-01T00:00:00.000Z',
      };
      if (user) tx.put('users', { ...user, guest });
    });
    const refused = await new TestClient(auth, provider).link('google', tokenOf(dev));
    expect([refused.status, codeOf(refused)]).toEqual([403, 'permission.denied']);
  });
});

describe('taking a way to sign in away (OAUTH-14)', () => {
  const unlink = (auth: TestAuth, name: string, token: string): Promise<Answer> =>
    auth.send('DELETE', `/auth/identities/${name}`, { token });

  it('leaves one that works', async () => {
    const auth = await startAuthWith(provider);
    const signedIn = await new TestClient(auth, provider).signIn('google');
    const token = tokenOf(signedIn);
    const last = await unlink(auth, 'google', token);
    expect([last.status, codeOf(last)]).toEqual([409, 'identity.last']);
    expect(codeOf(await unlink(auth, 'microsoft', token))).toBe('identity.not_found');
    await new TestClient(auth, provider).link('microsoft', token);
    expect((await unlink(auth, 'google', token)).status).toBe(204);
    expect(await providersOf(auth, token)).toEqual(['microsoft']);
    const stranger = await new TestClient(auth, provider).signIn('google');
    expect(userIdOf(stranger)).not.toBe(userIdOf(signedIn));
    expect((await auditOf(auth)).map(({ action }) => action)).toContain('auth.identity_unlinked');
  });

  it('does not count a way that this installation does not have', async () => {
    const auth = await startAuthWith(provider, { DEV_AUTH: 'false' });
    const signedIn = await new TestClient(auth, provider).signIn('google');
    await auth.store.transact({ label: 'spec' }, async (tx) =>
      tx.put('identities', {
        provider: 'dev',
        subject: 'name:Ada',
        user_id: asUserId(userIdOf(signedIn)),
      }),
    );
    expect(codeOf(await unlink(auth, 'google', tokenOf(signedIn)))).toBe('identity.last');
    expect((await unlink(auth, 'dev', tokenOf(signedIn))).status).toBe(204);
  });

  it('of two at the same time leaves one', async () => {
    const auth = await startAuthWith(provider, { DEV_AUTH: 'false' });
    const token = tokenOf(await new TestClient(auth, provider).signIn('google'));
    await new TestClient(auth, provider).link('microsoft', token);
    const answers = await Promise.all(['google', 'microsoft'].map((name) => unlink(auth, name, token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    expect(await providersOf(auth, token)).toHaveLength(1);
  });

  it('asks for a recent sign-in, as does adding one', async () => {
    const auth = await startAuthWith(provider, { RECENT_SIGN_IN_MINUTES: '1' });
    const token = tokenOf(await signInDev(auth));
    expect((await new TestClient(auth, provider).link('google', token)).status).toBe(201);
    await age(auth, 60_001);
    const stale = await unlink(auth, 'google', token);
    expect([stale.status, codeOf(stale)]).toEqual([403, 'auth.not_recent']);
    const late = await new TestClient(auth, provider).link('microsoft', token);
    expect([late.status, codeOf(late)]).toEqual([403, 'auth.not_recent']);
    const again = tokenOf(await signInDev(auth));
    expect((await unlink(auth, 'google', again)).status).toBe(204);
  });
});
