import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { selfSigned } from '../self-signed';
import { trustingFetch } from './trusting-fetch';

type Claims = Readonly<Record<string, unknown>>;

/** What the provider does with the next sign-ins; a test changes what it is about. */
export interface ProviderBehaviour {
  /** Who signs in. */
  account: Claims & { readonly sub: string };
  /** The error with which the user comes back instead. */
  deny?: string;
  /** Rewrites the id token, which is signed anew. */
  claims?: (claims: Claims) => Claims;
  /** Whose key signs it anew, and with which header. */
  signing?: { readonly key?: KeyObject; readonly header?: Claims };
  /** Answers a request itself: by its path (as it is asked for). */
  answer?: (path: string) => { readonly status: number; readonly body?: string } | 'never' | undefined;
}

export const TENANT = '11111111-1111-4111-8111-111111111111';

/**
 * oidc-provider over TLS, made to look like Google (endpoints, userinfo) and like Microsoft (a path for each tenant, an issuer
 * for each, `tid`, `oid`, no userinfo). Whoever comes is signed in without being asked. It insists on PKCE.
 */
export interface TestProvider {
  /** `https://127.0.0.1:port`. */
  readonly origin: string;
  /** Its certificate. */
  readonly ca: string;
  readonly client: { readonly id: string; readonly secret: string };
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  readonly behaviour: ProviderBehaviour;
  /** Paths that were asked for, in their order. */
  readonly asked: string[];
  /** Back to a user who signs in as he should. */
  reset(): void;
  close(): Promise<void>;
}

const CLIENT = { id: 'state-server-client', secret: 'a-secret-of-the-tests-with-length' };

const DEFAULTS: ProviderBehaviour = {
  account: {
    sub: 'subject-1',
    name: 'Ada Lovelace',
    email: 'ada@example.test',
    email_verified: true,
    tid: TENANT,
    oid: '22222222-2222-4222-8222-222222222222',
  },
};

/** How they look, by path: what stands behind them is one. */
const REWRITES: readonly (readonly [RegExp, string])[] = [
  [/^\/o\/oauth2\/v2\/auth/, '/auth'],
  [/^\/v1\/userinfo/, '/me'],
  [/^\/[^/]+\/oauth2\/v2\.0\/authorize/, '/auth'],
  [/^\/[^/]+\/oauth2\/v2\.0\/token/, '/token'],
  [/^\/[^/]+\/discovery\/v2\.0\/keys/, '/jwks'],
];

export async function createTestProvider(redirectUris: readonly string[]): Promise<TestProvider> {
  const tls = selfSigned({ name: 'openid provider' });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = 'key-1';
  const behaviour: ProviderBehaviour = { ...DEFAULTS };
  const asked: string[] = [];
  const server = createServer(tls).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
  const provider = new Provider(
    origin,
    configuration(redirectUris, jwk, () => behaviour),
  );
  provider.use((context, next) =>
    retouch(context as KoaContextWithOIDC, next, { origin, kid, privateKey, behaviour }),
  );
  const callback = provider.callback();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void handle({ provider, callback, behaviour, asked, origin }, request, response);
  });
  return {
    origin,
    ca: tls.cert,
    client: CLIENT,
    fetch: trustingFetch(tls.cert),
    behaviour,
    asked,
    reset: () => {
      for (const name of Object.keys(behaviour)) Reflect.deleteProperty(behaviour, name);
      Object.assign(behaviour, DEFAULTS);
      asked.length = 0;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function configuration(
  redirectUris: readonly string[],
  jwk: object,
  behaviour: () => ProviderBehaviour,
): Configuration {
  return {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [...redirectUris],
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [jwk] },
    cookies: { keys: ['a key of the tests'] },
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      IdToken: 600,
      Interaction: 600,
      Session: 600,
      Grant: 600,
    },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ ...behaviour().account, sub: id }),
    }),
    loadExistingGrant: async (context) => {
      const { client, session, provider } = context.oidc;
      const grant = new provider.Grant({
        ...(client && { clientId: client.clientId }),
        ...(session?.accountId !== undefined && { accountId: session.accountId }),
      });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  };
}

interface Handling {
  readonly provider: Provider;
  readonly callback: (request: IncomingMessage, response: ServerResponse) => unknown;
  readonly behaviour: ProviderBehaviour;
  readonly asked: string[];
  readonly origin: string;
}

async function handle(parts: Handling, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { behaviour, provider, callback, asked, origin } = parts;
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  asked.push(path);
  const own = behaviour.answer?.(path);
  if (own === 'never') return;
  if (own) {
    response.writeHead(own.status, { 'content-type': 'application/json' }).end(own.body);
    return;
  }
  const [, tenant] = /^\/([^/]+)\/v2\.0\/\.well-known\/openid-configuration$/.exec(path) ?? [];
  if (tenant !== undefined) {
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(microsoft(origin, tenant)));
    return;
  }
  if (path.startsWith('/interaction/')) {
    const login = { login: { accountId: behaviour.account.sub } };
    const result = behaviour.deny === undefined ? login : { error: behaviour.deny };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    return;
  }
  for (const [look, real] of REWRITES) request.url = (request.url ?? '/').replace(look, real);
  callback(request, response);
}

/** Microsoft's description of one path; `common` and `organizations` have a pattern for an issuer. */
function microsoft(origin: string, tenant: string): object {
  const personal = '9188040d-6c67-4c5b-b112-36a304b66dad';
  const named = { common: '{tenantid}', organizations: '{tenantid}', consumers: personal }[tenant] ?? tenant;
  return {
    issuer: `${origin}/${named}/v2.0`,
    authorization_endpoint: `${origin}/${tenant}/oauth2/v2.0/authorize`,
    token_endpoint: `${origin}/${tenant}/oauth2/v2.0/token`,
    jwks_uri: `${origin}/${tenant}/discovery/v2.0/keys`,
    response_types_supported: ['code'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_post'],
  };
}

/** Makes the answers those of the provider that it is to look like, and spoils them where a test wants it. */
async function retouch(
  context: KoaContextWithOIDC,
  next: () => Promise<unknown>,
  parts: {
    readonly origin: string;
    readonly kid: string;
    readonly privateKey: KeyObject;
    readonly behaviour: ProviderBehaviour;
  },
): Promise<void> {
  const { origin, kid, privateKey, behaviour } = parts;
  await next();
  const { location = '' } = context.response.headers as { readonly location?: string };
  if (location.includes('/auth/microsoft/')) {
    // Microsoft names no issuer there (RFC 9207).
    const url = new URL(location);
    url.searchParams.delete('iss');
    context.set('location', url.href);
  }
  const body = context.body as { id_token?: string } | undefined;
  if (context.path !== '/token' || typeof body?.id_token !== 'string') return;
  const { tid, oid } = behaviour.account;
  const isOfTenant = String(context.oidc.params?.['redirect_uri']).includes('/auth/microsoft/');
  const look = isOfTenant ? { iss: `${origin}/${String(tid)}/v2.0`, tid, oid, ver: '2.0' } : {};
  const more =
    isOfTenant && 'xms_edov' in behaviour.account ? { xms_edov: behaviour.account['xms_edov'] } : {};
  const claims = { ...decodeJwt(body.id_token), ...look, ...more };
  const { key = privateKey, header = {} } = behaviour.signing ?? {};
  body.id_token = await new SignJWT(behaviour.claims?.(claims) ?? claims)
    .setProtectedHeader({ ...decodeProtectedHeader(body.id_token), typ: 'JWT', alg: 'RS256', kid, ...header })
    .sign(key);
}
