import { asTenantId } from '@state-server/oauth';
import {
  type ConfigOf,
  type ConfigRule,
  field,
  integer,
  list,
  oneOf,
  optional,
  refusePlaceholder,
  text,
  url,
} from '@state-server/platform';

const SHARED_TENANTS = ['common', 'organizations', 'consumers'];
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

const tenant = (value: string): string | undefined =>
  SHARED_TENANTS.includes(value) ? value : asTenantId(value);

const origin = (value: string): string | undefined => {
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  const isWeb = parsed?.protocol === 'https:' || parsed?.protocol === 'http:';
  return parsed && isWeb && parsed.href === `${parsed.origin}/` ? parsed.origin : undefined;
};

const returnUrl = (value: string): string | undefined => {
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  const isWeb = parsed?.protocol === 'https:' || parsed?.protocol === 'http:';
  return isWeb && parsed.search === '' && parsed.hash === '' && parsed.username === ''
    ? parsed.href
    : undefined;
};

const isPlainAndFar = (href: string): boolean =>
  href.startsWith('http:') && !LOOPBACK.includes(new URL(href).hostname);

/** How this installation is known to Google and Microsoft, and where they send people back to. */
export const oauthFields = {
  PUBLIC_URL: field(origin, 'must be the origin of a URL (http, https), without a path', {
    description: 'The one origin as browsers have it: Google and Microsoft send people back to it.',
    default: 'http://127.0.0.1:4000',
  }),
  OAUTH_RETURN_URLS: list(returnUrl, 'must be a list of URLs (http, https) without query and fragment', {
    description:
      'Pages of your clients to which a browser may come back after a sign-in with Google or Microsoft; compared exactly, their query is free.',
    default: '',
    inProduction: (urls) =>
      urls.some(isPlainAndFar) ? 'must be https in production, except on loopback' : undefined,
  }),
  OAUTH_DEADLINE_MS: integer(
    { min: 100, max: 60_000 },
    { description: 'One call to Google or Microsoft takes at most so long.', unit: 'ms', default: '3000' },
  ),
  RECENT_SIGN_IN_MINUTES: integer(
    { min: 1, max: 1_440 },
    {
      description: 'For so long after a sign-in a user may change his ways to sign in.',
      unit: 'minutes',
      default: '15',
    },
  ),
  GOOGLE_CLIENT_ID: optional(
    text({
      description: 'Sign-in with Google: the client id of your registration. Absent: no such sign-in.',
    }),
  ),
  GOOGLE_CLIENT_SECRET: optional(
    text({ description: 'Its secret.', sensitive: true, inProduction: refusePlaceholder }),
  ),
  GOOGLE_STRATEGY: oneOf(['passport-google-oauth20', 'openid-client'], {
    description:
      'The library that talks to Google. openid-client also checks the id token: nonce, audience, signature.',
    default: 'passport-google-oauth20',
  }),
  MICROSOFT_CLIENT_ID: optional(
    text({
      description:
        'Sign-in with Microsoft: the application id of your registration. Absent: no such sign-in.',
    }),
  ),
  MICROSOFT_CLIENT_SECRET: optional(
    text({ description: 'A secret of it.', sensitive: true, inProduction: refusePlaceholder }),
  ),
  MICROSOFT_TENANT: field(tenant, "must be a tenant's id, common, organizations or consumers", {
    description:
      "Whose accounts may sign in: a tenant's id, organizations (of work and school), consumers (personal) or common (all).",
    default: 'common',
  }),
  MICROSOFT_ALLOWED_TENANTS: list(asTenantId, "must be a list of tenants' ids", {
    description: 'With common or organizations: only accounts of these tenants. Empty: of all.',
    default: '',
  }),
  MICROSOFT_STRATEGY: oneOf(['openid-client', 'passport-azure-ad'], {
    description: 'The library that talks to Microsoft. passport-azure-ad is archived since 2023.',
    default: 'openid-client',
  }),
  MICROSOFT_AUTHORITY: url(['https'], {
    description: 'Where Microsoft signs people in; another one for national clouds.',
    default: 'https://login.microsoftonline.com',
  }),
} as const;

type OAuthConfig = ConfigOf<typeof oauthFields> & { readonly NODE_ENV: string };

const pair =
  (id: 'GOOGLE_CLIENT_ID' | 'MICROSOFT_CLIENT_ID', secret: keyof OAuthConfig): ConfigRule<OAuthConfig> =>
  (config) =>
    (config[id] === undefined) === (config[secret] === undefined)
      ? undefined
      : `${id} and ${secret} belong together`;

const hasProvider = (config: OAuthConfig): boolean =>
  config.GOOGLE_CLIENT_ID !== undefined || config.MICROSOFT_CLIENT_ID !== undefined;

export const oauthRules: readonly ConfigRule<OAuthConfig>[] = [
  pair('GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET'),
  pair('MICROSOFT_CLIENT_ID', 'MICROSOFT_CLIENT_SECRET'),
  (config) =>
    hasProvider(config) && config.OAUTH_RETURN_URLS.length === 0
      ? 'OAUTH_RETURN_URLS must name the pages of your clients, where Google or Microsoft is set'
      : undefined,
  (config) =>
    config.MICROSOFT_ALLOWED_TENANTS.length > 0 &&
    !['common', 'organizations'].includes(config.MICROSOFT_TENANT)
      ? 'MICROSOFT_ALLOWED_TENANTS is for MICROSOFT_TENANT=common or organizations'
      : undefined,
  (config) =>
    config.NODE_ENV === 'production' && hasProvider(config) && !config.PUBLIC_URL.startsWith('https:')
      ? 'PUBLIC_URL must be https in production, where Google or Microsoft is set'
      : undefined,
];
