import { asUserId, type Environment, isUuid } from '@state-server/domain';
import type {
  ReadTransaction,
  SessionDoc,
  Store,
  Transaction,
  UserDoc,
} from '@state-server/persistence-port';
import { type Logger, toHttpError } from '@state-server/platform';
import { fail } from '@state-server/protocol';
import { type Identity, toTime } from './identity';
import type { OutsideClaims } from './outside-claims';
import { assertNotSuspended } from './suspension';

export interface OutsideUsersDeps {
  readonly store: Store;
  readonly environment: Pick<Environment, 'clock' | 'ids'>;
  readonly log: Logger;
}

/**
 * Whom a genuine token of somebody else's stands for. At first sight of its subject a user is made, known from then on by
 * issuer and subject, and never by name or address; at first sight of its session a record of that, so that it is listed and
 * ended like any other. Throws `user.suspended`, `auth.revoked`, `dependency.unavailable`.
 *
 * @param ownIds a subject that is a user's id is that user: for tokens that the installation's own services sign
 */
export async function admitOutsider(
  { store, environment, log }: OutsideUsersDeps,
  claims: OutsideClaims,
  ownIds = false,
): Promise<Identity> {
  const now = environment.clock.now();
  const newId = environment.ids.uuid();
  try {
    const known = await store.read({ label: 'outsider.look' }, (tx) => look(tx, claims, ownIds));
    const isKnown = known.user && isUpToDate(known, claims);
    const user = isKnown
      ? known.user
      : await store.transact({ label: 'outsider.admit' }, async (tx) =>
          write(tx, { claims, ownIds, now, newId }, await look(tx, claims, ownIds)),
        );
    if (!user) throw fail('auth.invalid_token');
    assertNotSuspended(user, now);
    if (!known.user) log.info('auth.outsider_admitted', { user_id: user.id, provider: claims.provider });
    return toIdentity(user, claims);
  } catch (error) {
    throw toHttpError(error);
  }
}

interface Known {
  readonly user?: UserDoc;
  readonly session?: SessionDoc;
  /** He was deleted under this id. */
  readonly gone?: true;
}

/** Throws `auth.revoked` for a session that was ended here: it does not come back with its next token. */
async function look(tx: ReadTransaction, claims: OutsideClaims, ownIds: boolean): Promise<Known> {
  const { provider, subject, session_id } = claims;
  const isOwnId = ownIds && isUuid(subject);
  const [identity, session, revocation] = await Promise.all([
    isOwnId ? { user_id: asUserId(subject) } : tx.get('identities', [provider, subject]),
    tx.get('sessions', [session_id]),
    tx.get('revocations', ['session', session_id]),
  ]);
  if (revocation) throw fail('auth.revoked');
  const user = identity && (await tx.get('users', [identity.user_id]));
  if (user?.deleted_at !== undefined) return isOwnId ? { gone: true } : {};
  return { ...(user && { user }), ...(session && { session }) };
}

function isUpToDate({ user, session }: Known, claims: OutsideClaims): boolean {
  const rolesAgree = claims.is_admin === undefined || claims.is_admin === user?.roles.includes('admin');
  return rolesAgree && session !== undefined && session.expires_at >= toTime(claims.expires_at);
}

interface Write {
  readonly claims: OutsideClaims;
  readonly ownIds: boolean;
  /** Ms since the epoch. */
  readonly now: number;
  readonly newId: string;
}

/** Two services that meet him at the same time write the same identity: the later one conflicts and finds the user (P1). */
function write(tx: Transaction, { claims, ownIds, now, newId }: Write, known: Known): UserDoc | undefined {
  if (known.gone) return undefined;
  const at = toTime(now);
  const before = known.user ?? newUser(claims, ownIds, newId, at);
  const user = withRoles(before, claims, at);
  if (user === known.user) tx.guard('users', [user.id]);
  else tx.put('users', user);
  if (!known.user && user.id !== claims.subject) {
    tx.put('identities', { provider: claims.provider, subject: claims.subject, user_id: user.id });
  }
  const expires_at = toTime(claims.expires_at);
  const end = known.session && known.session.expires_at > expires_at ? known.session.expires_at : expires_at;
  tx.put('sessions', {
    id: claims.session_id,
    user_id: user.id,
    created_at: known.session?.created_at ?? toTime(claims.issued_at),
    last_used_at: at,
    expires_at: end,
    issuer: claims.provider,
  });
  return user;
}

function newUser({ subject, name }: OutsideClaims, ownIds: boolean, newId: string, at: string): UserDoc {
  const id = asUserId(ownIds && isUuid(subject) ? subject : newId);
  return { id, name, roles: ['user'], version: 1, created_at: at, updated_at: at };
}

/** Where the issuer says who administers, it says so with every token. */
function withRoles(user: UserDoc, { is_admin }: OutsideClaims, at: string): UserDoc {
  if (is_admin === undefined || is_admin === user.roles.includes('admin')) return user;
  const others = user.roles.filter((role) => role !== 'admin');
  const roles = is_admin ? [...others, 'admin' as const] : others;
  return { ...user, roles, version: user.version + 1, updated_at: at };
}

function toIdentity(user: UserDoc, claims: OutsideClaims): Identity {
  return Object.freeze({
    user_id: user.id,
    kind: 'user',
    ...(claims.scopes && { scopes: claims.scopes }),
    session_id: claims.session_id,
    token_id: claims.token_id,
    name: user.name,
    issued_at: claims.issued_at,
    expires_at: claims.expires_at,
  });
}
