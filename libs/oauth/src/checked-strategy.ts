import { fail, StateError } from '@state-server/protocol';
import { ProviderAway } from './outgoing';
import type { CompleteSignIn, OAuthStrategy } from './strategy';

/** What the user, or the provider for him, did not want (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6). */
const DENIED = new Set([
  'access_denied',
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
]);
const AWAY = new Set(['server_error', 'temporarily_unavailable']);

/** Around every strategy, so that each is held to the same: what may come back at all, and what an error means. */
export function checkedStrategy(inner: OAuthStrategy): OAuthStrategy {
  return {
    provider: inner.provider,
    isIssuer: (issuer) => inner.isIssuer(issuer),
    begin: (request) => inner.begin(request).catch((error: unknown) => rethrow(error)),
    complete: async (answer) => {
      assertAnswer(inner, answer);
      return inner.complete(answer).catch((error: unknown) => rethrow(error));
    },
  };
}

/** Throws `oauth.denied`, `oauth.provider_unavailable`, `oauth.answer_invalid` for an answer that is no code. */
function assertAnswer(strategy: OAuthStrategy, { parameters }: CompleteSignIn): void {
  for (const name of parameters.keys()) {
    if (parameters.getAll(name).length > 1) throw invalid(`${name} comes twice`);
  }
  const issuer = parameters.get('iss');
  if (issuer !== null && !strategy.isIssuer(issuer)) throw invalid('the answer is of another issuer');
  const error = parameters.get('error');
  if (error !== null && DENIED.has(error)) throw fail('oauth.denied');
  if (error !== null && AWAY.has(error)) throw fail('oauth.provider_unavailable');
  if (error !== null) throw invalid(`the provider refuses: ${error.slice(0, 100)}`);
  if (!parameters.get('code')) throw invalid('the answer has no code');
}

const invalid = (reason: string): StateError =>
  fail('oauth.answer_invalid', undefined, undefined, { cause: new Error(reason) });

function rethrow(error: unknown): never {
  if (error instanceof StateError) throw error;
  const code = error instanceof ProviderAway ? 'oauth.provider_unavailable' : 'oauth.answer_invalid';
  throw fail(code, undefined, undefined, { cause: error });
}
