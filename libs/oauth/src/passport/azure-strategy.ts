import { createHash } from 'node:crypto';
import type * as PassportLibrary from 'passport';
import type * as AzureLibrary from 'passport-azure-ad';
import {
  hasManyIssuers,
  isAdmittedIssuer,
  issuerOf,
  metadataUrl,
  microsoftIdentity,
  type Tenants,
} from '../microsoft-tenants';
import { CLOCK_TOLERANCE_SECONDS } from '../openid-strategy';
import type { Outgoing } from '../outgoing';
import { newSecret } from '../secret';
import type { BeginSignIn, BegunSignIn, CompleteSignIn, OAuthStrategy, ProvenIdentity } from '../strategy';
import { guardedStrategy } from './azure-calls';
import { passportRequest, runPassport } from './run-passport';

export interface PassportAzureOptions {
  readonly passport: Pick<typeof PassportLibrary, 'Passport'>;
  readonly library: Pick<typeof AzureLibrary, 'OIDCStrategy'>;
  readonly clientId: string;
  readonly clientSecret: () => string;
  readonly tenants: Tenants;
  readonly outgoing: () => Outgoing;
}

/** Where the library keeps state and nonce in the session; the name is ours to choose. */
const KEY = 'azure';
interface KeptTuple {
  readonly state: string;
  readonly nonce: string;
  readonly timeStamp: number;
}

/**
 * Microsoft through passport-azure-ad, which is archived since 2023: kept for who already relies on it. What it lacks is
 * added where it lets us: PKCE as extra parameters, deadlines, and one algorithm.
 */
export class PassportAzureStrategy implements OAuthStrategy {
  readonly provider = 'microsoft';

  constructor(private readonly options: PassportAzureOptions) {}

  isIssuer(issuer: string): boolean {
    return isAdmittedIssuer(this.options.tenants, issuer);
  }

  async begin({ redirectUri, prompt }: BeginSignIn): Promise<BegunSignIn> {
    const session: Record<string, unknown> = {};
    const verifier = newSecret();
    const extraAuthReqQueryParams = {
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    };
    const outcome = await this.run(session, redirectUri, {
      options: { extraAuthReqQueryParams, ...(prompt && { prompt }) },
    });
    const [tuple] = contentOf(session);
    if (outcome.kind !== 'redirected' || !tuple) throw new Error('the library did not begin the sign-in');
    return { url: outcome.url, state: tuple.state, kept: { nonce: tuple.nonce, verifier } };
  }

  async complete({ parameters, state, kept, redirectUri }: CompleteSignIn): Promise<ProvenIdentity> {
    const { nonce = '', verifier = '' } = kept;
    const tuple: KeptTuple = { state, nonce, timeStamp: Date.now() };
    const outcome = await this.run({ [KEY]: { content: [tuple] } }, redirectUri, {
      parameters,
      options: { extraTokenReqQueryParams: { code_verifier: verifier } },
    });
    if (outcome.kind !== 'verified') throw new Error('the library did not complete the sign-in');
    return microsoftIdentity(this.options.tenants, outcome.user as Readonly<Record<string, unknown>>);
  }

  private async run(
    session: Record<string, unknown>,
    redirectUri: string,
    more: { readonly parameters?: URLSearchParams; readonly options: Readonly<Record<string, unknown>> },
  ) {
    const { passport, outgoing } = this.options;
    const calls = outgoing();
    const strategy = this.createStrategy(calls, redirectUri);
    const request = passportRequest(session, more.parameters);
    try {
      return await runPassport(new passport.Passport(), strategy, request, more.options);
    } catch (error) {
      throw calls.away ?? error;
    }
  }

  private createStrategy(calls: Outgoing, redirectUrl: string) {
    const { library, clientId, clientSecret, tenants } = this.options;
    // Where the library knows no issuer beforehand it looks at none: `microsoftIdentity` does, in any case.
    const known = tenants.allowed.map((id) => issuerOf(tenants, id));
    const Guarded = guardedStrategy(library.OIDCStrategy, calls);
    return new Guarded(
      {
        identityMetadata: metadataUrl(tenants),
        clientID: clientId,
        clientSecret: clientSecret(),
        responseType: 'code',
        responseMode: 'query',
        redirectUrl,
        allowHttpForRedirectUrl: redirectUrl.startsWith('http:'),
        scope: ['openid', 'profile', 'email'],
        validateIssuer: !hasManyIssuers(tenants) || known.length > 0,
        ...(known.length > 0 && { issuer: known }),
        clockSkew: CLOCK_TOLERANCE_SECONDS,
        sessionKey: KEY,
        loggingLevel: 'error',
        loggingNoPII: true,
        passReqToCallback: false,
      } as never,
      (
        _issuer: string,
        _subject: string,
        _profile: unknown,
        claims: unknown,
        _access: string,
        _refresh: string,
        _answer: unknown,
        done: (error: unknown, user: unknown) => void,
      ) => done(null, claims),
    );
  }
}

function contentOf(session: Readonly<Record<string, unknown>>): readonly KeptTuple[] {
  const kept = session[KEY] as { readonly content?: readonly KeptTuple[] } | undefined;
  return kept?.content ?? [];
}
