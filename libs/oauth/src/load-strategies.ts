import type { Clock } from '@state-server/domain';
import { checkedStrategy } from './checked-strategy';
import { GOOGLE, GOOGLE_SCOPE, type GoogleEndpoints, googleIdentity } from './google-claims';
import {
  admit,
  hasManyIssuers,
  isAdmittedIssuer,
  issuerOf,
  metadataUrl,
  microsoftIdentity,
  onlyTenant,
  type Tenants,
} from './microsoft-tenants';
import { MetadataCache } from './openid-metadata';
import { OpenIdStrategy } from './openid-strategy';
import { type Fetch, Outgoing } from './outgoing';
import type { OAuthStrategy, Provider } from './strategy';

/** How an installation is known to a provider. The secret is asked for at each sign-in, so that it may change. */
interface Registration {
  readonly clientId: string;
  readonly clientSecret: () => string;
}

export interface GoogleSettings extends Registration {
  readonly library: 'passport-google-oauth20' | 'openid-client';
  /** Default: Google's own. */
  readonly endpoints?: GoogleEndpoints;
}

export interface MicrosoftSettings extends Registration {
  readonly library: 'passport-azure-ad' | 'openid-client';
  readonly tenants: Tenants;
}

export interface OAuthSettings {
  readonly google?: GoogleSettings;
  readonly microsoft?: MicrosoftSettings;
  /** Milliseconds for one call to a provider. */
  readonly deadlineMs: number;
}

export interface OAuthParts {
  readonly clock: Clock;
  /** Default: the global one. */
  readonly fetch?: Fetch;
}

export type Strategies = ReadonlyMap<Provider, OAuthStrategy>;

/** The strategies of the providers that are set. Of the libraries only those are loaded that one of them uses. */
export async function loadStrategies(settings: OAuthSettings, parts: OAuthParts): Promise<Strategies> {
  const { google, microsoft, deadlineMs } = settings;
  const calls = { fetch: parts.fetch ?? ((url, init) => fetch(url, init)), deadlineMs };
  const outgoing = (): Outgoing => new Outgoing(calls);
  const strategies = new Map<Provider, OAuthStrategy>();
  if (google) strategies.set('google', checkedStrategy(await loadGoogle(google, parts.clock, outgoing)));
  if (microsoft) {
    strategies.set('microsoft', checkedStrategy(await loadMicrosoft(microsoft, parts.clock, outgoing)));
  }
  return strategies;
}

async function loadGoogle(
  settings: GoogleSettings,
  clock: Clock,
  outgoing: () => Outgoing,
): Promise<OAuthStrategy> {
  const { endpoints = GOOGLE, clientId, clientSecret } = settings;
  if (settings.library === 'passport-google-oauth20') {
    const { PassportGoogleStrategy } = await import('./passport/google-strategy');
    const [passport, library] = [await import('passport'), await import('passport-google-oauth20')];
    return new PassportGoogleStrategy({
      passport: ofCommonJs(passport),
      library: ofCommonJs(library),
      clientId,
      clientSecret,
      endpoints,
      outgoing,
    });
  }
  const { issuer } = endpoints;
  return new OpenIdStrategy({
    library: await import('openid-client'),
    provider: 'google',
    clientId,
    clientSecret,
    scope: GOOGLE_SCOPE,
    metadata: new MetadataCache({ url: `${issuer}/.well-known/openid-configuration`, issuer, clock }),
    clock,
    outgoing,
    isIssuer: (given) => given === issuer,
    issuerFor: () => undefined,
    identity: googleIdentity,
  });
}

async function loadMicrosoft(
  settings: MicrosoftSettings,
  clock: Clock,
  outgoing: () => Outgoing,
): Promise<OAuthStrategy> {
  const { tenants, clientId, clientSecret } = settings;
  if (settings.library === 'passport-azure-ad') {
    const { PassportAzureStrategy } = await import('./passport/azure-strategy');
    const [passport, library] = [await import('passport'), await import('passport-azure-ad')];
    return new PassportAzureStrategy({
      passport: ofCommonJs(passport),
      library: ofCommonJs(library),
      clientId,
      clientSecret,
      tenants,
      outgoing,
    });
  }
  const issuer = issuerOf(tenants, onlyTenant(tenants) ?? '{tenantid}');
  return new OpenIdStrategy({
    library: await import('openid-client'),
    provider: 'microsoft',
    clientId,
    clientSecret,
    scope: 'openid profile email',
    metadata: new MetadataCache({ url: metadataUrl(tenants), issuer, clock }),
    clock,
    outgoing,
    isIssuer: (given) => isAdmittedIssuer(tenants, given),
    issuerFor: (claims) => {
      const tenant = admit(tenants, claims['tid']);
      return hasManyIssuers(tenants) ? issuerOf(tenants, tenant) : undefined;
    },
    identity: (claims) => microsoftIdentity(tenants, claims),
  });
}

/** Node finds not every name that a CommonJS module exports; all stand in its default. */
function ofCommonJs<T extends object>(module: T): T {
  const { default: whole } = module as { readonly default?: T };
  return whole ?? module;
}
