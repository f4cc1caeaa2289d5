import type * as PassportLibrary from 'passport';
import type * as GoogleLibrary from 'passport-google-oauth20';
import { GOOGLE_SCOPE, type GoogleEndpoints, googleIdentity } from '../google-claims';
import type { Outgoing } from '../outgoing';
import { newSecret } from '../secret';
import type { BeginSignIn, BegunSignIn, CompleteSignIn, OAuthStrategy, ProvenIdentity } from '../strategy';
import { passportRequest, runPassport } from './run-passport';

export interface PassportGoogleOptions {
  readonly passport: Pick<typeof PassportLibrary, 'Passport'>;
  readonly library: Pick<typeof GoogleLibrary, 'Strategy'>;
  readonly clientId: string;
  readonly clientSecret: () => string;
  readonly endpoints: GoogleEndpoints;
  readonly outgoing: () => Outgoing;
}

/** What the library keeps of a sign-in, through the store that it is given. */
interface KeptState {
  state?: string;
  verifier?: string;
}

type Stored = (error: Error | null, state?: string) => void;
type Verified = (error: Error | null, verifier?: string | false, state?: unknown) => void;

/** The library counts the arguments of both, to know which store it has. */
const store = {
  store: (
    request: { session: KeptState },
    verifier: string,
    _state: unknown,
    _meta: unknown,
    done: Stored,
  ) => {
    request.session.state = newSecret();
    request.session.verifier = verifier;
    done(null, request.session.state);
  },
  verify: (request: { session: KeptState }, state: string, _meta: unknown, done: Verified) => {
    const { session } = request;
    done(null, session.state !== undefined && session.state === state ? session.verifier : false);
  },
};

/** The way out of the library underneath, `oauth`: it has no deadline, and puts the access token into the URL. */
interface OAuth2 {
  useAuthorizationHeaderforGET(use: boolean): void;
  _request(
    method: string,
    url: string,
    headers: Record<string, string> | null,
    body: string | null,
    accessToken: string | null,
    done: (error: unknown, text?: string, response?: { readonly statusCode: number }) => void,
  ): void;
}

/**
 * Google through passport-google-oauth20: state and PKCE, and the profile from userinfo. It knows no id token, so neither a
 * nonce nor an audience is looked at.
 */
export class PassportGoogleStrategy implements OAuthStrategy {
  readonly provider = 'google';

  constructor(private readonly options: PassportGoogleOptions) {}

  isIssuer(issuer: string): boolean {
    return issuer === this.options.endpoints.issuer;
  }

  async begin({ redirectUri, prompt }: BeginSignIn): Promise<BegunSignIn> {
    const session: KeptState = {};
    const outcome = await this.run({ session, redirectUri, options: prompt ? { prompt } : {} });
    const { state, verifier } = session;
    if (outcome.kind !== 'redirected' || state === undefined || verifier === undefined) {
      throw new Error('the library did not begin the sign-in');
    }
    return { url: outcome.url, state, kept: { verifier } };
  }

  async complete({ parameters, state, kept, redirectUri }: CompleteSignIn): Promise<ProvenIdentity> {
    const session: KeptState = { state, ...kept };
    const outcome = await this.run({ session, redirectUri, parameters });
    if (outcome.kind !== 'verified') throw new Error('the library did not complete the sign-in');
    return googleIdentity(outcome.user as Readonly<Record<string, unknown>>);
  }

  private async run(input: {
    readonly session: KeptState;
    readonly redirectUri: string;
    readonly parameters?: URLSearchParams;
    readonly options?: Readonly<Record<string, unknown>>;
  }) {
    const { passport, outgoing } = this.options;
    const calls = outgoing();
    const strategy = this.createStrategy(calls, input.redirectUri);
    const request = passportRequest(input.session as Record<string, unknown>, input.parameters);
    try {
      return await runPassport(new passport.Passport(), strategy, request, input.options ?? {});
    } catch (error) {
      throw calls.away ?? error;
    }
  }

  private createStrategy(calls: Outgoing, callbackURL: string) {
    const { library, clientId, clientSecret, endpoints } = this.options;
    const settings = {
      clientID: clientId,
      clientSecret: clientSecret(),
      callbackURL,
      authorizationURL: endpoints.authorization,
      tokenURL: endpoints.token,
      userProfileURL: endpoints.userinfo,
      scope: GOOGLE_SCOPE.split(' '),
      pkce: true,
      store: store as never,
    };
    const strategy = new library.Strategy(settings, (_access, _refresh, profile, done) =>
      done(null, profile._json),
    );
    const { _oauth2: oauth2 } = strategy as unknown as { readonly _oauth2: OAuth2 };
    oauth2.useAuthorizationHeaderforGET(true);
    oauth2._request = (method, url, headers, body, _accessToken, done) => {
      void send(calls, { method, url, headers, body }).then(
        ({ status, text }) =>
          status >= 200 && status < 300
            ? done(null, text, { statusCode: status })
            : done({ statusCode: status, data: text }),
        (error: unknown) => done(error),
      );
    };
    return strategy;
  }
}

async function send(
  calls: Outgoing,
  request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Record<string, string> | null;
    readonly body: string | null;
  },
): Promise<{ readonly status: number; readonly text: string }> {
  const { method, url, headers, body } = request;
  const response = await calls.fetch(url, {
    method,
    headers: { accept: 'application/json', ...headers },
    ...(body ? { body } : {}),
  });
  return { status: response.status, text: await response.text() };
}
