import type { Clock } from '@state-server/domain';
import type * as OpenIdClient from 'openid-client';
import type { MetadataCache } from './openid-metadata';
import type { Outgoing } from './outgoing';
import type {
  BeginSignIn,
  BegunSignIn,
  CompleteSignIn,
  OAuthStrategy,
  ProvenIdentity,
  Provider,
} from './strategy';

/** Seconds by which a provider's clock may differ from ours. */
export const CLOCK_TOLERANCE_SECONDS = 60;

type Claims = Readonly<Record<string, unknown>>;

export interface OpenIdOptions {
  readonly library: typeof OpenIdClient;
  readonly provider: Provider;
  readonly clientId: string;
  readonly clientSecret: () => string;
  readonly scope: string;
  readonly metadata: MetadataCache;
  readonly clock: Pick<Clock, 'now'>;
  readonly outgoing: () => Outgoing;
  isIssuer(issuer: string): boolean;
  /**
   * The issuer that a token has to have, by what it claims unverified, where the provider has many; undefined: that of the
   * metadata. Throws `oauth.tenant_refused`.
   */
  issuerFor(claims: Claims): string | undefined;
  identity(claims: Claims): ProvenIdentity;
}

/** OpenID Connect through openid-client: state, nonce, PKCE, signature, issuer, audience and times are checked by it. */
export class OpenIdStrategy implements OAuthStrategy {
  readonly provider: Provider;
  private keys: OpenIdClient.ExportedJWKSCache | undefined;

  constructor(private readonly options: OpenIdOptions) {
    this.provider = options.provider;
  }

  isIssuer(issuer: string): boolean {
    return this.options.isIssuer(issuer);
  }

  async begin({ redirectUri, prompt }: BeginSignIn): Promise<BegunSignIn> {
    const { library, scope, outgoing } = this.options;
    const calls = outgoing();
    const configuration = await this.configuration(calls);
    const [state, nonce, verifier] = [
      library.randomState(),
      library.randomNonce(),
      library.randomPKCECodeVerifier(),
    ];
    const url = library.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope,
      state,
      nonce,
      code_challenge: await library.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(prompt && { prompt }),
    });
    return { url: url.href, state, kept: { nonce, verifier } };
  }

  async complete({ parameters, state, kept, redirectUri }: CompleteSignIn): Promise<ProvenIdentity> {
    const { library, outgoing } = this.options;
    const calls = outgoing();
    const url = new URL(redirectUri);
    const asked = new URLSearchParams(parameters);
    // It was looked at; a library could only hold it against the pattern of many issuers.
    if (hasPattern(await this.options.metadata.get(calls))) asked.delete('iss');
    url.search = asked.toString();
    const checks = {
      expectedState: state,
      expectedNonce: kept['nonce'] ?? '',
      pkceCodeVerifier: kept['verifier'] ?? '',
      idTokenExpected: true,
    };
    const answer = new TokenAnswer(calls, (claims) => this.options.issuerFor(claims));
    let configuration = await this.configuration(calls, { answer });
    let tokens;
    try {
      tokens = await library.authorizationCodeGrant(configuration, url, checks);
    } catch (error) {
      if (answer.issuer === undefined) throw answer.refusal ?? calls.away ?? error;
      // The same answer, now held against the issuer that it has to have.
      configuration = await this.configuration(calls, { answer, issuer: answer.issuer });
      tokens = await library.authorizationCodeGrant(configuration, url, checks).catch((late: unknown) => {
        throw calls.away ?? late;
      });
    }
    this.keys = library.getJwksCache(configuration);
    const claims = tokens.claims();
    if (!claims) throw new Error('the answer has no id token');
    return this.options.identity(claims);
  }

  private async configuration(
    calls: Outgoing,
    more: { readonly answer?: TokenAnswer; readonly issuer?: string } = {},
  ): Promise<OpenIdClient.Configuration> {
    const { library, clientId, clientSecret, metadata, clock } = this.options;
    const document = await metadata.get(calls);
    const server = {
      ...document,
      issuer: more.issuer ?? String(document['issuer']),
      ...(hasPattern(document) && { authorization_response_iss_parameter_supported: false }),
    };
    const configuration = new library.Configuration(
      server,
      clientId,
      {
        [library.clockTolerance]: CLOCK_TOLERANCE_SECONDS,
        [library.clockSkew]: Math.round((clock.now() - Date.now()) / 1_000),
        id_token_signed_response_alg: 'RS256',
      },
      library.ClientSecretPost(clientSecret()),
    );
    // Without this it relies on TLS alone, and looks at no signature of a token that comes from the token endpoint.
    library.enableNonRepudiationChecks(configuration);
    const { answer } = more;
    if (this.keys) library.setJwksCache(configuration, this.keys);
    configuration[library.customFetch] = (url, init) =>
      answer !== undefined && url === document['token_endpoint']
        ? answer.fetch(url, init as RequestInit)
        : calls.fetch(url, init as RequestInit);
    return configuration;
  }
}

/** A provider of many issuers names none, but how they are formed. */
const hasPattern = (document: Claims): boolean => String(document['issuer']).includes('{');

/** The answer of the token endpoint: asked for once, for a code works once, and looked at as often as it is needed. */
class TokenAnswer {
  /** The issuer that the token has to have, where it is not that of the metadata. */
  issuer: string | undefined;
  refusal: unknown;
  private kept: { readonly text: string; readonly status: number } | undefined;

  constructor(
    private readonly calls: Outgoing,
    private readonly issuerFor: (claims: Claims) => string | undefined,
  ) {}

  async fetch(url: string, init: RequestInit): Promise<Response> {
    if (!this.kept) {
      const response = await this.calls.fetch(url, init);
      this.kept = { text: await response.text(), status: response.status };
      this.look(this.kept.text);
      // The library would now hold it against a pattern of an issuer.
      if (this.issuer !== undefined || this.refusal !== undefined) throw new Error('the issuer is known now');
    }
    const { text, status } = this.kept;
    return new Response(text, { status, headers: { 'content-type': 'application/json' } });
  }

  private look(text: string): void {
    const claims = unverifiedClaims(text);
    if (claims === undefined) return;
    try {
      this.issuer = this.issuerFor(claims);
    } catch (error) {
      this.refusal = error;
    }
  }
}

/** What the id token says of itself; only to choose what it is held against. */
function unverifiedClaims(text: string): Claims | undefined {
  try {
    const { id_token } = JSON.parse(text) as { readonly id_token?: unknown };
    const [, payload = ''] = typeof id_token === 'string' ? id_token.split('.') : [];
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? (claims as Claims) : undefined;
  } catch {
    return undefined;
  }
}
