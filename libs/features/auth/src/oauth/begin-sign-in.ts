import { secretHash } from '@state-server/identity';
import type { Provider } from '@state-server/oauth';
import type { OAuthFlowDoc } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import { FLOW_MS, type OAuthDeps, redirectUriOf } from './oauth-deps';
import { allowedReturn } from './return-url';

export interface BeginSignInInput {
  readonly provider: Provider;
  readonly return_to: string;
  /** S256 of a verifier that the client keeps. */
  readonly code_challenge: string;
  readonly prompt?: 'login' | 'select_account';
  /** SHA-256 of the browser's secret. */
  readonly browser: string;
}

/**
 * Where the browser goes to sign in. What its return is held against is kept here, out of its reach (OAUTH-2). Throws
 * `request.not_found` for a provider that is not set, `oauth.return_refused`, `oauth.provider_unavailable`.
 */
export async function beginSignIn(deps: OAuthDeps, input: BeginSignInInput): Promise<string> {
  const { provider, browser, code_challenge, prompt } = input;
  const strategy = deps.strategies.get(provider);
  if (!strategy) throw fail('request.not_found');
  const return_to = allowedReturn(input.return_to, deps.returnUrls);
  const redirect_uri = redirectUriOf(deps, provider);
  const begun = await strategy.begin({ redirectUri: redirect_uri, ...(prompt && { prompt }) });
  const flow: OAuthFlowDoc = {
    hash: secretHash(begun.state),
    browser,
    provider,
    redirect_uri,
    return_to,
    challenge: code_challenge,
    kept: begun.kept,
    expires_at: new Date(deps.environment.clock.now() + FLOW_MS).toISOString(),
  };
  await deps.store.transact({ label: 'oauth.begin' }, async (tx) => tx.put('oauth_flows', flow));
  return begun.url;
}
