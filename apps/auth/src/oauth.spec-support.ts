import { createHash, randomBytes } from 'node:crypto';
import { startOpenIdProvider, TestBrowser, type TestProvider } from '@state-server/testing';
import { type Answer, startAuth, type TestAuth } from './auth.spec-support';

export const PUBLIC = 'http://127.0.0.1:4000';
export const RETURN = 'https://client.test/signed-in';
export type ProviderName = 'google' | 'microsoft';

export const startProvider = (publicUrl = PUBLIC): Promise<TestProvider> =>
  startOpenIdProvider(['google', 'microsoft'].map((name) => `${publicUrl}/auth/${name}/callback`));

/** The whole service with both providers, which are one. */
export function startAuthWith(provider: TestProvider, env: Record<string, string> = {}): Promise<TestAuth> {
  const { origin, client, fetch } = provider;
  const settings = {
    GOOGLE_CLIENT_ID: client.id,
    GOOGLE_CLIENT_SECRET: client.secret,
    GOOGLE_STRATEGY: 'openid-client',
    MICROSOFT_CLIENT_ID: client.id,
    MICROSOFT_CLIENT_SECRET: client.secret,
    MICROSOFT_AUTHORITY: origin,
    OAUTH_RETURN_URLS: RETURN,
    ...env,
  };
  const google = {
    issuer: origin,
    authorization: `${origin}/o/oauth2/v2/auth`,
    token: `${origin}/token`,
    userinfo: `${origin}/v1/userinfo`,
  };
  return startAuth(settings, {}, { google, fetch });
}

/** A client of ours in a browser: it keeps a verifier, and is told the code. */
export class TestClient {
  readonly verifier = randomBytes(32).toString('base64url');
  readonly challenge = createHash('sha256').update(this.verifier).digest('base64url');
  readonly browser: TestBrowser;

  constructor(
    readonly auth: TestAuth,
    provider: TestProvider,
  ) {
    this.browser = new TestBrowser(provider.ca);
  }

  /** Where a sign-in begins, at the service itself. */
  begin(name: ProviderName, change: Record<string, string> = {}): string {
    const query = new URLSearchParams({ return_to: RETURN, code_challenge: this.challenge, ...change });
    return `${this.auth.http.url}/auth/${name}?${query.toString()}`;
  }

  /** Signs in at the provider; the address at the service to which that sends the browser back. */
  async toCallback(
    name: ProviderName,
    change: Record<string, string> = {},
    publicUrl = PUBLIC,
  ): Promise<string> {
    const back = await this.browser.follow(this.begin(name, change), `${publicUrl}/auth/`);
    return back.replace(publicUrl, this.auth.http.url);
  }

  /** The whole way; the address to which the browser returns. */
  async comeBack(name: ProviderName, change: Record<string, string> = {}): Promise<URL> {
    const { location, status, text } = await this.browser.get(await this.toCallback(name, change));
    if (location === undefined) throw new Error(`the callback answers ${status}: ${text}`);
    return new URL(location);
  }

  async codeOf(name: ProviderName): Promise<string> {
    const returned = await this.comeBack(name);
    return returned.searchParams.get('code') ?? `no code: ${returned.href}`;
  }

  redeem(code: string, verifier = this.verifier): Promise<Answer> {
    return this.auth.send('POST', '/auth/token', { body: { code, code_verifier: verifier } });
  }

  async signIn(name: ProviderName): Promise<Answer> {
    return this.redeem(await this.codeOf(name));
  }

  /** Another way to sign in for whoever has this token. */
  async link(name: ProviderName, token: string): Promise<Answer> {
    const body = { code: await this.codeOf(name), code_verifier: this.verifier };
    return this.auth.send('POST', '/auth/identities', { token, body });
  }
}

export const tokenOf = ({ body }: Answer): string => String(body['access_token']);
export const userIdOf = ({ body }: Answer): string =>
  String((body['user'] as { id?: unknown } | undefined)?.id);
