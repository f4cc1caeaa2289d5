import type { AuditOrigin } from '@state-server/audit';
import { newSecret, openSession } from '@state-server/identity';
import type { TokensResponse } from '@state-server/protocol';
import { findOrCreateUser } from '../account';
import type { AuthDeps } from '../auth-deps';
import type { GuestCaller } from '../guest/guest-caller';
import { issueTokens } from '../issue-tokens';
import { noticeDevice } from '../notice-device';
import { type RedeemCode, useCode } from './use-code';

const NO_ADMINS: ReadonlySet<string> = new Set();

/**
 * Tokens for whoever the code stands for; he is made a user when he comes for the first time. Throws `oauth.code_invalid`,
 * `user.suspended`.
 */
export async function signInWithCode(
  deps: AuthDeps,
  input: RedeemCode & { readonly origin?: AuditOrigin; readonly guest?: GuestCaller | undefined },
): Promise<TokensResponse> {
  const { store, environment, tokens, log, lifetimes, admins = NO_ADMINS } = deps;
  const now = environment.clock.now();
  const proven = await useCode(store, input, now);
  const { provider } = proven;
  const { origin, guest } = input;
  const parts = { id: environment.ids.uuid(), at: new Date(now).toISOString(), admins, origin, guest };
  const session_id = environment.ids.uuid();
  const refresh_token = newSecret();
  const { user, session } = await store.transact({ label: 'auth.sign_in' }, async (tx) => {
    const user = await findOrCreateUser(tx, proven, parts);
    const session = openSession(tx, {
      session_id,
      user,
      refresh_token,
      now,
      provider,
      ...(input.origin?.user_agent !== undefined && { user_agent: input.origin.user_agent }),
      ...(input.origin && { origin: input.origin }),
      ...(lifetimes && { lifetimes }),
    });
    await noticeDevice(tx, user, session);
    return { user, session };
  });
  log.info('auth.signed_in', { user_id: user.id, session_id: session.id, provider });
  return issueTokens(tokens, session, user, refresh_token);
}
