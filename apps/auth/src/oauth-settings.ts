import { type GoogleEndpoints, loadStrategies, type OAuthSettings, type Fetch } from '@state-server/oauth';
import type { OAuthHttpDeps } from '@state-server/features-auth';
import type { Service } from '@state-server/platform';
import type { AuthConfig } from './config';

/** What tests have in place of Google and of the outside. */
export interface OAuthOverrides {
  readonly google?: GoogleEndpoints;
  readonly fetch?: Fetch;
}

const MINUTE_MS = 60_000;

/** The providers that are set, with their libraries loaded, and what the doors need besides. */
export async function openOAuth(
  { config, environment, secrets }: Service<AuthConfig>,
  overrides: OAuthOverrides = {},
): Promise<Pick<OAuthHttpDeps, 'strategies' | 'publicUrl' | 'returnUrls' | 'recentMs'>> {
  const strategies = await loadStrategies(settingsOf(config, secrets, overrides), {
    clock: environment.clock,
    ...(overrides.fetch && { fetch: overrides.fetch }),
  });
  return {
    strategies,
    publicUrl: config.PUBLIC_URL,
    returnUrls: config.OAUTH_RETURN_URLS,
    recentMs: config.RECENT_SIGN_IN_MINUTES * MINUTE_MS,
  };
}

function settingsOf(
  config: AuthConfig,
  secrets: Service['secrets'],
  overrides: OAuthOverrides,
): OAuthSettings {
  // Where a manager of secrets has them, one that is exchanged there counts from the next sign-in on.
  const secretOf = (name: 'GOOGLE_CLIENT_SECRET' | 'MICROSOFT_CLIENT_SECRET') => () =>
    secrets.get(name) ?? config[name] ?? '';
  const { GOOGLE_CLIENT_ID: google, MICROSOFT_CLIENT_ID: microsoft } = config;
  return {
    deadlineMs: config.OAUTH_DEADLINE_MS,
    ...(google !== undefined && {
      google: {
        library: config.GOOGLE_STRATEGY,
        clientId: google,
        clientSecret: secretOf('GOOGLE_CLIENT_SECRET'),
        ...(overrides.google && { endpoints: overrides.google }),
      },
    }),
    ...(microsoft !== undefined && {
      microsoft: {
        library: config.MICROSOFT_STRATEGY,
        clientId: microsoft,
        clientSecret: secretOf('MICROSOFT_CLIENT_SECRET'),
        tenants: {
          authority: config.MICROSOFT_AUTHORITY,
          tenant: config.MICROSOFT_TENANT,
          allowed: config.MICROSOFT_ALLOWED_TENANTS,
        },
      },
    }),
  };
}
