import { asUserId } from '@state-server/domain';
import { newSecret, openSession } from '@state-server/identity';
import type { Transaction, UserDoc } from '@state-server/persistence-port';
import type { TokensResponse } from '@state-server/protocol';
import type { AuthDeps } from '../auth-deps';
import { issueTokens } from '../issue-tokens';

export interface SignInDev {
  readonly name: string;
  /** Who comes with the same email again is the same user; without one, who comes with the same name. */
  readonly email?: string;
  readonly user_agent?: string;
}

const PROVIDER = 'dev';

/** Signs in whoever says that he is somebody. Makes the user when he comes for the first time. */
export async function signInDev(deps: AuthDeps, input: SignInDev): Promise<TokensResponse> {
  const { store, environment, tokens, log } = deps;
  const now = environment.clock.now();
  const fresh: UserDoc = newUser(environment.ids.uuid(), input, new Date(now).toISOString());
  const sessionId = environment.ids.uuid();
  const refresh_token = newSecret();
  const { user, session } = await store.transact({ label: 'auth.sign_in_dev' }, async (tx) => {
    const user = await findOrCreate(tx, subjectOf(input), fresh);
    const session = openSession(tx, {
      session_id: sessionId,
      user_id: user.id,
      refresh_token,
      now,
      ...(input.user_agent === undefined ? {} : { user_agent: input.user_agent }),
    });
    return { user, session };
  });
  log.info('auth.signed_in', { user_id: user.id, session_id: session.id, provider: PROVIDER });
  return issueTokens(tokens, session, user, refresh_token);
}

/** Two first sign-ins at the same time write the same identity: the later one conflicts and finds the user (P1). */
async function findOrCreate(tx: Transaction, subject: string, fresh: UserDoc): Promise<UserDoc> {
  const identity = await tx.get('identities', [PROVIDER, subject]);
  const known = identity && (await tx.get('users', [identity.user_id]));
  if (known) return known;
  tx.put('users', fresh);
  tx.put('identities', { provider: PROVIDER, subject, user_id: fresh.id });
  return fresh;
}

function subjectOf({ name, email }: SignInDev): string {
  return email === undefined ? `name:${name}` : `email:${email.toLowerCase()}`;
}

function newUser(id: string, { name, email }: SignInDev, at: string): UserDoc {
  return {
    id: asUserId(id),
    name,
    ...(email === undefined ? {} : { email }),
    roles: ['user'],
    version: 1,
    created_at: at,
    updated_at: at,
  };
}
