import {
  createFakeEnvironment,
  startOpenIdProvider,
  TestBrowser,
  type TestProvider,
} from '@state-server/testing';
import type { Library } from './capabilities';
import { loadStrategies } from './load-strategies';
import type { Tenants } from './microsoft-tenants';
import type { Fetch } from './outgoing';
import type { OAuthStrategy, Provider, ProvenIdentity } from './strategy';

export const TENANT = '11111111-1111-4111-8111-111111111111';
export const OTHER_TENANT = '33333333-3333-4333-8333-333333333333';
const CLIENT_ORIGIN = 'http://127.0.0.1:4000';
export const redirectUriOf = (provider: Provider): string => `${CLIENT_ORIGIN}/auth/${provider}/callback`;

export const startProvider = (): Promise<TestProvider> =>
  startOpenIdProvider([redirectUriOf('google'), redirectUriOf('microsoft')]);

/** Every pair of provider and library that an installation can choose. */
export const PAIRS: readonly (readonly [Provider, Library])[] = [
  ['google', 'passport-google-oauth20'],
  ['google', 'openid-client'],
  ['microsoft', 'passport-azure-ad'],
  ['microsoft', 'openid-client'],
];

interface Options {
  readonly tenants?: Partial<Tenants>;
  readonly fetch?: Fetch;
  readonly deadlineMs?: number;
  /** How far our clock is ahead of the provider's. */
  readonly aheadMs?: number;
}

export async function strategyOf(
  provider: TestProvider,
  [name, library]: readonly [Provider, Library],
  options: Options = {},
): Promise<OAuthStrategy> {
  const { origin, client } = provider;
  const registration = { clientId: client.id, clientSecret: () => client.secret };
  const settings =
    name === 'google'
      ? {
          google: {
            ...registration,
            library: library as 'openid-client',
            endpoints: {
              issuer: origin,
              authorization: `${origin}/o/oauth2/v2/auth`,
              token: `${origin}/token`,
              userinfo: `${origin}/v1/userinfo`,
            },
          },
        }
      : {
          microsoft: {
            ...registration,
            library: library as 'openid-client',
            tenants: { authority: origin, tenant: TENANT, allowed: [], ...options.tenants },
          },
        };
  const { clock } = createFakeEnvironment({ start: Date.now() + (options.aheadMs ?? 0) });
  const strategies = await loadStrategies(
    { ...settings, deadlineMs: options.deadlineMs ?? 5_000 },
    { clock, fetch: options.fetch ?? provider.fetch },
  );
  const strategy = strategies.get(name);
  if (!strategy) throw new Error(`no strategy of ${name}`);
  return strategy;
}

/** A sign-in up to the moment in which the browser is back, and what makes it complete. */
export async function comeBack(provider: TestProvider, strategy: OAuthStrategy) {
  const redirectUri = redirectUriOf(strategy.provider);
  const begun = await strategy.begin({ redirectUri });
  const returned = new URL(await new TestBrowser(provider.ca).follow(begun.url, redirectUri));
  const complete = (
    change: { readonly kept?: Record<string, string>; readonly query?: Record<string, string> } = {},
  ): Promise<ProvenIdentity> => {
    const parameters = new URLSearchParams(returned.search);
    for (const [key, value] of Object.entries(change.query ?? {})) parameters.set(key, value);
    return strategy.complete({
      parameters,
      state: begun.state,
      kept: { ...begun.kept, ...change.kept },
      redirectUri,
    });
  };
  return { begun, returned, complete };
}

export async function signIn(provider: TestProvider, strategy: OAuthStrategy): Promise<ProvenIdentity> {
  return (await comeBack(provider, strategy)).complete();
}

export const coded = (code: string): Error => expect.objectContaining({ code }) as Error;
