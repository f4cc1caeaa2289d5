import type * as AzureLibrary from 'passport-azure-ad';
import type { Outgoing } from '../outgoing';

type Done = (error?: unknown) => void;
type Strategy = InstanceType<typeof AzureLibrary.OIDCStrategy>;
type StrategyClass = new (options: never, verify: (...given: never[]) => void) => Strategy;

/** What the library reads from the provider, and where it puts it. */
interface LoadedMetadata {
  readonly url: string;
  metadata: unknown;
  oidc: unknown;
  fetch(done: Done): void;
}

interface Parameters {
  metadata?: LoadedMetadata;
}

/** The steps of the library that go out; they are its own, by their names of version 4.3.5. */
interface Steps {
  collectInfoFromReq(parameters: Parameters, request: unknown, next: Done, response: unknown): void;
  _getAccessTokenBySecretOrAssertion(
    code: string,
    config: TokenRequest,
    next: Done,
    done: (error: unknown, answer?: unknown) => void,
  ): void;
}

interface TokenRequest {
  readonly clientID: string;
  readonly clientSecret: string;
  readonly redirectUrl: string;
  readonly scope: string;
  readonly token_endpoint: string;
  readonly extraTokenReqQueryParams?: Readonly<Record<string, string>>;
}

/**
 * The library's strategy with calls that end. Its own have no deadline, one that hangs blocks all later ones of the process,
 * and an answer that is no JSON is thrown from where nobody can catch it, which ends the process.
 */
export function guardedStrategy(
  Original: typeof AzureLibrary.OIDCStrategy,
  calls: Outgoing,
): StrategyClass & { new (options: never, verify: (...given: never[]) => void): Strategy } {
  const Base = Original as unknown as new (options: never, verify: unknown) => Strategy & Steps;
  return class extends Base {
    override collectInfoFromReq(
      parameters: Parameters,
      request: unknown,
      next: Done,
      response: unknown,
    ): void {
      const collected = (error?: unknown): void => {
        const { metadata } = parameters;
        if (metadata) metadata.fetch = (done) => settle(loadMetadata(metadata, calls), done);
        next(error);
      };
      super.collectInfoFromReq(parameters, request, collected, response);
    }

    override _getAccessTokenBySecretOrAssertion(
      code: string,
      config: TokenRequest,
      _next: Done,
      done: (error: unknown, answer?: unknown) => void,
    ): void {
      redeem(code, config, calls).then(
        (answer) => done(null, answer),
        (error: unknown) => done(error),
      );
    }
  };
}

function settle(work: Promise<void>, done: Done): void {
  work.then(
    () => done(),
    (error: unknown) => done(error),
  );
}

async function loadMetadata(metadata: LoadedMetadata, calls: Outgoing): Promise<void> {
  const document = await getJson(metadata.url, calls);
  const { keys } = await getJson(String(document['jwks_uri']), calls);
  metadata.metadata = document;
  metadata.oidc = {
    // A key that is published must never be taken for a shared secret.
    algorithms: ['RS256'],
    authorization_endpoint: document['authorization_endpoint'],
    token_endpoint: document['token_endpoint'],
    userinfo_endpoint: document['userinfo_endpoint'],
    issuer: document['issuer'],
    keys,
  };
}

async function getJson(url: string, calls: Outgoing): Promise<Readonly<Record<string, unknown>>> {
  const response = await calls.fetch(url, { headers: { accept: 'application/json' } });
  if (response.status !== 200)
    throw new Error(`${new URL(url).pathname} is answered with ${response.status}`);
  return (await response.json()) as Readonly<Record<string, unknown>>;
}

async function redeem(code: string, config: TokenRequest, calls: Outgoing): Promise<unknown> {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    client_id: config.clientID,
    client_secret: config.clientSecret,
    redirect_uri: config.redirectUrl,
    scope: config.scope,
    ...config.extraTokenReqQueryParams,
  });
  const response = await calls.fetch(config.token_endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: body.toString(),
  });
  if (response.status !== 200) throw new Error(`the code is answered with ${response.status}`);
  return response.json();
}
