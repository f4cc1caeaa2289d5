import type { AuditOrigin } from '@state-server/audit';
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
  readonly origin?: AuditOrigin;
}

const PROVIDER = 'dev';
const NO_ADMINS: ReadonlySet<string> = new Set();

/** Signs in whoever says that he is somebody. Makes the user when he comes for the first time. */
export async function signInDev(deps: AuthDeps, input: SignInDev): Promise<TokensResponse> {
  const { store, environment, tokens, log, lifetimes, admins = NO_ADMINS } = deps;
  const now = environment.clock.now();
  const fresh = newUser(environment.ids.uuid(), input, new Date(now).toISOString());
  const sessionId = environment.ids.uuid();
  const refresh_token = newSecret();
  const { user, session } = await store.transact({ label: 'auth.sign_in_dev' }, async (tx) => {
    const user = await findOrCreate(
      tx,
      subjectOf(input),
      fresh,
      admins.has(input.email?.toLowerCase() ?? ''),
    );
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
    return { user, session };
  });
  log.info('auth.signed_in', { user_id: user.id, session_id: session.id, provider: PROVIDER });
  return issueTokens(tokens, session, user, refresh_token);
}

/** Two first sign-ins at the same time write the same identity: the later one conflicts and finds the user (P1). */
async function findOrCreate(
  tx: Transaction,
  subject: string,
  fresh: UserDoc,
  isAdmin: boolean,
): Promise<UserDoc> {
  const identity = await tx.get('identities', [PROVIDER, subject]);
  const known = identity && (await tx.get('users', [identity.user_id]));
  // Whoever comes back after his deletion is somebody new.
  if (known && known.deleted_at === undefined) return isAdmin ? appoint(tx, known, fresh.updated_at) : known;
  tx.put('users', isAdmin ? { ...fresh, roles: ['user', 'admin'] } : fresh);
  tx.put('identities', { provider: PROVIDER, subject, user_id: fresh.id });
  return isAdmin ? { ...fresh, roles: ['user', 'admin'] } : fresh;
}

/** The installation names its administrators: they are so from their next sign-in on. */
function appoint(tx: Transaction, user: UserDoc, at: string): UserDoc {
  if (user.roles.includes('admin')) return user;
  const admin: UserDoc = {
    ...user,
    roles: [...user.roles, 'admin'],
    version: user.version + 1,
    updated_at: at,
  };
  tx.put('users', admin);
  return admin;
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
