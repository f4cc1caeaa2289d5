import { generateKeyPairSync } from 'node:crypto';
import type { TestProvider } from '@state-server/testing';
import { CAPABILITIES } from './capabilities';
import { comeBack, coded, PAIRS, signIn, startProvider, strategyOf, TENANT } from './strategies.spec-support';

let provider: TestProvider;
beforeAll(async () => {
  provider = await startProvider();
});
afterEach(() => provider.reset());
afterAll(() => provider.close());

const seconds = (): number => Math.floor(Date.now() / 1_000);

describe.each(PAIRS)('%s through %s', (name, library) => {
  const can = CAPABILITIES[library];
  const strategy = () => strategyOf(provider, [name, library]);
  const invalid = coded('oauth.answer_invalid');

  it('names who has signed in, by a subject that is the same through every library (OAUTH-1, OAUTH-5)', async () => {
    expect(await signIn(provider, await strategy())).toEqual({
      provider: name,
      subject: name === 'google' ? 'subject-1' : `${TENANT}.22222222-2222-4222-8222-222222222222`,
      name: 'Ada Lovelace',
      email: 'ada@example.test',
      email_verified: name === 'google',
    });
  });

  it('asks with state, PKCE and a redirect address of its own (OAUTH-2)', async () => {
    const { begun } = await comeBack(provider, await strategy());
    const asked = new URL(begun.url).searchParams;
    expect(asked.get('state')).toBe(begun.state);
    expect(begun.state.length).toBeGreaterThanOrEqual(32);
    expect(asked.get('code_challenge_method')).toBe('S256');
    expect(asked.get('redirect_uri')).toBe(`http://127.0.0.1:4000/auth/${name}/callback`);
    expect(asked.get('response_type')).toBe('code');
    expect(asked.has('nonce')).toBe(can.nonce);
    expect(Object.values(begun.kept)).not.toContain(begun.state);
  });

  it('does not redeem a code without the verifier of its sign-in (OAUTH-2)', async () => {
    const { complete } = await comeBack(provider, await strategy());
    await expect(complete({ kept: { verifier: 'v'.repeat(43) } })).rejects.toEqual(invalid);
  });

  it('redeems a code once (OAUTH-3)', async () => {
    const { complete } = await comeBack(provider, await strategy());
    await complete();
    await expect(complete()).rejects.toEqual(invalid);
  });

  it('refuses an answer of another state, another issuer, without a code or with two (OAUTH-2, OAUTH-4)', async () => {
    const { complete, begun, returned } = await comeBack(provider, await strategy());
    await expect(complete({ query: { state: `${begun.state.slice(0, -4)}xxxx` } })).rejects.toEqual(invalid);
    await expect(complete({ query: { iss: 'https://evil.test' } })).rejects.toEqual(invalid);
    await expect(complete({ query: { code: '' } })).rejects.toEqual(invalid);
    const twice = new URLSearchParams(returned.search);
    twice.append('code', 'another');
    const again = await strategy();
    const redirectUri = `http://127.0.0.1:4000/auth/${name}/callback`;
    const { state, kept } = begun;
    await expect(again.complete({ parameters: twice, state, kept, redirectUri })).rejects.toEqual(invalid);
  });

  it.each([
    ['access_denied', 'oauth.denied'],
    ['temporarily_unavailable', 'oauth.provider_unavailable'],
    ['invalid_scope', 'oauth.answer_invalid'],
  ])('says what %s means (OAUTH-7)', async (error, code) => {
    provider.behaviour.deny = error;
    const { complete } = await comeBack(provider, await strategy());
    await expect(complete()).rejects.toEqual(coded(code));
  });

  it('does not take an address for verified that is not (OAUTH-6)', async () => {
    provider.behaviour.account = { ...provider.behaviour.account, email_verified: false };
    expect((await signIn(provider, await strategy())).email_verified).toBe(false);
  });

  it('says that the provider is away, whether it says so or is silent (OAUTH-8)', async () => {
    const away = coded('oauth.provider_unavailable');
    const { complete } = await comeBack(provider, await strategy());
    provider.behaviour.answer = () => ({ status: 503 });
    await expect(complete()).rejects.toEqual(away);
    provider.reset();
    const { begun, returned } = await comeBack(provider, await strategy());
    provider.behaviour.answer = () => 'never';
    const hasty = await strategyOf(provider, [name, library], { deadlineMs: 300 });
    const redirectUri = `http://127.0.0.1:4000/auth/${name}/callback`;
    const parameters = returned.searchParams;
    await expect(hasty.complete({ ...begun, parameters, redirectUri })).rejects.toEqual(away);
  });

  it('is not ended by an answer that is no JSON (OAUTH-8)', async () => {
    const { complete } = await comeBack(provider, await strategy());
    provider.behaviour.answer = () => ({ status: 200, body: '<html>' });
    await expect(complete()).rejects.toEqual(invalid);
  });

  // Not all read one: see the table of what each can do.
  if (!can.idToken) return;
  describe('reads the id token and', () => {
    const changed = async (change: Record<string, unknown>) => {
      provider.behaviour.claims = (claims) => ({ ...claims, ...change });
      return signIn(provider, await strategy());
    };

    it.each([
      ['another audience', { aud: 'another-client' }],
      ['another issuer', { iss: 'https://evil.test' }],
      ['another nonce', { nonce: 'n'.repeat(32) }],
      ['no nonce', { nonce: undefined }],
    ])('refuses one with %s (OAUTH-2, OAUTH-4)', async (_what, change) => {
      await expect(changed(change)).rejects.toEqual(invalid);
    });

    it('refuses one that another key has signed, or that is not signed (OAUTH-4)', async () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      provider.behaviour.signing = { key: privateKey };
      await expect(signIn(provider, await strategy())).rejects.toEqual(invalid);
      provider.behaviour.signing = { header: { kid: 'nobody' } };
      await expect(signIn(provider, await strategy())).rejects.toEqual(invalid);
    });

    it('bears clocks that differ by less than a minute, and no more (OAUTH-4)', async () => {
      const token = (from: number, until: number) => ({
        iat: seconds() + from,
        nbf: seconds() + from,
        exp: seconds() + until,
      });
      await changed(token(30, 600));
      await changed(token(-600, -30));
      await expect(changed(token(-600, -90))).rejects.toEqual(invalid);
      await expect(changed(token(90, 600))).rejects.toEqual(invalid);
    });
  });
});
