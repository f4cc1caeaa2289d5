import { newSecret, secretHash } from '@state-server/identity';
import type { ProvenIdentity, Provider } from '@state-server/oauth';
import type { OAuthCodeDoc, OAuthFlowDoc } from '@state-server/persistence-port';
import { toHttpError } from '@state-server/platform';
import { fail } from '@state-server/protocol';
import { CODE_MS, type OAuthDeps } from './oauth-deps';
import { withOutcome } from './return-url';

export interface CompleteSignInInput {
  readonly provider: Provider;
  /** The query with which the browser came back. */
  readonly parameters: URLSearchParams;
  /** SHA-256 of the browser's secret; undefined when it has none. */
  readonly browser: string | undefined;
}

const MAX_STATE_CHARS = 200;

/**
 * Where the browser goes after its provider: back to the client, with a one-time code or the code of an error; never with a
 * token (OAUTH-9). Throws `oauth.flow_invalid` where it is not known which client that would be, or the browser is not the one that began.
 */
export async function completeSignIn(deps: OAuthDeps, input: CompleteSignInInput): Promise<string> {
  const { provider, parameters, browser } = input;
  const strategy = deps.strategies.get(provider);
  if (!strategy) throw fail('request.not_found');
  const [state = '', ...more] = parameters.getAll('state');
  const flow = more.length === 0 && state.length <= MAX_STATE_CHARS ? await useUp(deps, state) : undefined;
  const now = deps.environment.clock.now();
  const isOwn = flow?.provider === provider && flow.browser === browser;
  if (!flow || !isOwn || Date.parse(flow.expires_at) <= now) throw fail('oauth.flow_invalid');
  try {
    const { kept, redirect_uri: redirectUri } = flow;
    const identity = await strategy.complete({ parameters, state, kept, redirectUri });
    return withOutcome(flow.return_to, { code: await hand(deps, flow, identity) });
  } catch (error) {
    const { code, cause } = toHttpError(error);
    deps.log.warn('oauth.refused', {
      provider,
      code,
      reason: cause instanceof Error ? cause.message : undefined,
    });
    return withOutcome(flow.return_to, { error: code });
  }
}

/** Deletes it whatever comes of it: of two who come with the same state at the same time one finds nothing (P1). */
async function useUp({ store }: OAuthDeps, state: string): Promise<OAuthFlowDoc | undefined> {
  const hash = secretHash(state);
  return store.transact({ label: 'oauth.complete' }, async (tx) => {
    const flow = await tx.get('oauth_flows', [hash]);
    if (flow) tx.delete('oauth_flows', [hash]);
    return flow;
  });
}

/** A one-time code that stands for the identity, for whoever has the verifier of the sign-in. */
async function hand(
  { store, environment }: OAuthDeps,
  { challenge }: OAuthFlowDoc,
  identity: ProvenIdentity,
): Promise<string> {
  const code = newSecret();
  const doc: OAuthCodeDoc = {
    hash: secretHash(code),
    challenge,
    ...identity,
    expires_at: new Date(environment.clock.now() + CODE_MS).toISOString(),
  };
  await store.transact({ label: 'oauth.code' }, async (tx) => tx.put('oauth_codes', doc));
  return code;
}
