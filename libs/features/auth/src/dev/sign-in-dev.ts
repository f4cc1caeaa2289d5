import type { AuditOrigin } from '@state-server/audit';
import { newSecret, openSession } from '@state-server/identity';
import type { TokensResponse } from '@state-server/protocol';
import { findOrCreateUser } from '../account';
import type { AuthDeps } from '../auth-deps';
import type { GuestCaller } from '../guest/guest-caller';
import { issueTokens } from '../issue-tokens';
import { noticeDevice } from '../notice-device';

export interface SignInDev {
  readonly name: string;
  /** Who comes with the same email again is the same user; without one, who comes with the same name. */
  readonly email?: string;
  readonly user_agent?: string;
  readonly origin?: AuditOrigin;
  /** Whose token came with it. */
  readonly guest?: GuestCaller | undefined;
}

export const PROVIDER = 'dev';
const NO_ADMINS: ReadonlySet<string> = new Set();

/** Signs in whoever says that he is somebody. Makes the user when he comes for the first time. */
export async function signInDev(deps: AuthDeps, input: SignInDev): Promise<TokensResponse> {
  const { store, environment, tokens, log, lifetimes, admins = NO_ADMINS } = deps;
  const now = environment.clock.now();
  const { origin, guest } = input;
  const parts = { id: environment.ids.uuid(), at: new Date(now).toISOString(), admins, origin, guest };
  const sessionId = environment.ids.uuid();
  const refresh_token = newSecret();
  const { user, session } = await store.transact({ label: 'auth.sign_in_dev' }, async (tx) => {
    const { name, email } = input;
    const proven = { provider: PROVIDER, subject: subjectOf(input), name, ...(email && { email }) };
    const user = await findOrCreateUser(tx, proven, parts);
    const session = openSession(tx, {
      session_id: sessionId,
      user,
      refresh_token,
      now,
      provider: PROVIDER,
      ...(input.user_agent === undefined ? {} : { user_agent: input.user_agent }),
      ...(input.origin && { origin: input.origin }),
      ...(lifetimes && { lifetimes }),
    });
    await noticeDevice(tx, user, session);
    return { user, session };
  });
  log.info('auth.signed_in', { user_id: user.id, session_id: session.id, provider: PROVIDER });
  return issueTokens(tokens, session, user, refresh_token);
}

export function subjectOf({ name, email }: Pick<SignInDev, 'name' | 'email'>): string {
  return email === undefined ? `name:${name}` : `email:${email.toLowerCase()}`;
}
