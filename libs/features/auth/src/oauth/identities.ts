import { type AuditBy, recordAudit } from '@state-server/audit';
import type { Identity } from '@state-server/identity';
import type { IdentityDoc, ReadTransaction, Transaction, UserDoc } from '@state-server/persistence-port';
import { fail, type IdentityResource } from '@state-server/protocol';
import { type Proven, toIdentityDoc } from '../account';
import type { OAuthDeps } from './oauth-deps';
import { type RedeemCode, useCode } from './use-code';

type Caller = Pick<Identity, 'user_id' | 'session_id'>;

/** A user has at most one identity of each provider. */
const MAX_IDENTITIES = 20;

/** The ways to sign in that the caller has. */
export async function listIdentities(
  { store }: Pick<OAuthDeps, 'store'>,
  { user_id }: Pick<Identity, 'user_id'>,
): Promise<{ readonly items: IdentityResource[]; readonly next_cursor: null }> {
  const docs = await store.read({ label: 'auth.identities' }, (tx) => identitiesOf(tx, user_id));
  return { items: docs.map(toIdentityResource), next_cursor: null };
}

/**
 * Another way to sign in for the caller, who came back from its provider with the code; nothing is taken from anybody.
 * Throws `oauth.code_invalid`, `auth.not_recent`, `identity.in_use`, `identity.exists`, and `permission.denied` for a guest: he
 * becomes an account by signing in.
 */
export async function linkIdentity(
  deps: OAuthDeps,
  caller: Caller,
  input: RedeemCode & { readonly by: AuditBy },
): Promise<IdentityResource> {
  const now = deps.environment.clock.now();
  const proven = await useCode(deps.store, input, now);
  const linked = await deps.store.transact({ label: 'auth.link' }, async (tx) => {
    const user = await changingUser(tx, deps, caller);
    const doc = await addIdentity(tx, user, proven, now);
    recordAudit(tx, {
      ...input.by,
      action: 'auth.identity_linked',
      target: { kind: 'user', id: user.id },
      details: { provider: proven.provider },
      at: now,
    });
    return doc;
  });
  deps.log.info('auth.identity_linked', { user_id: caller.user_id, provider: proven.provider });
  return toIdentityResource(linked);
}

/**
 * Writes the identity and the user: two who link at the same time, the same identity or the same user, meet at one of both
 * (P1). Linking what is his own already changes nothing.
 */
async function addIdentity(
  tx: Transaction,
  user: UserDoc,
  proven: Proven,
  now: number,
): Promise<IdentityDoc> {
  const at = new Date(now).toISOString();
  const present = await tx.get('identities', [proven.provider, proven.subject]);
  if (present?.user_id === user.id) return present;
  const owner = present && (await tx.get('users', [present.user_id]));
  if (owner && owner.deleted_at === undefined) throw fail('identity.in_use');
  const own = await identitiesOf(tx, user.id);
  if (own.some(({ provider }) => provider === proven.provider)) throw fail('identity.exists');
  const doc = toIdentityDoc(proven, user, at);
  tx.put('identities', doc);
  tx.put('users', { ...user, version: user.version + 1, updated_at: at });
  return doc;
}

/** One way to sign in less. Throws `auth.not_recent`, `identity.not_found`, `identity.last`. */
export async function unlinkIdentity(
  deps: OAuthDeps,
  caller: Caller,
  input: { readonly provider: string; readonly by: AuditBy },
): Promise<void> {
  const now = deps.environment.clock.now();
  const { provider, by } = input;
  await deps.store.transact({ label: 'auth.unlink' }, async (tx) => {
    const user = await changingUser(tx, deps, caller);
    const own = await identitiesOf(tx, user.id);
    const doc = own.find((each) => each.provider === provider);
    if (!doc) throw fail('identity.not_found');
    const left = own.find((each) => each !== doc && deps.ways.has(each.provider));
    if (!left) throw fail('identity.last');
    // Nobody takes away, at the same time, the one that this rests on (P1).
    tx.guard('identities', [left.provider, left.subject]);
    tx.delete('identities', [doc.provider, doc.subject]);
    recordAudit(tx, {
      ...by,
      action: 'auth.identity_unlinked',
      target: { kind: 'user', id: user.id },
      details: { provider },
      at: now,
    });
  });
  deps.log.info('auth.identity_unlinked', { user_id: caller.user_id, provider });
}

/** The caller, if he signed in a short while ago: a forgotten browser does not give his account away. */
async function changingUser(tx: Transaction, deps: OAuthDeps, caller: Caller): Promise<UserDoc> {
  const [session, user] = await Promise.all([
    tx.get('sessions', [caller.session_id]),
    tx.get('users', [caller.user_id]),
  ]);
  if (!session || !user || user.deleted_at !== undefined) throw fail('auth.revoked');
  tx.guard('sessions', [session.id]);
  if (user.guest) {
    throw fail('permission.denied', undefined, 'A guest signs in with his token: POST /auth/token.');
  }
  const age = deps.environment.clock.now() - Date.parse(session.created_at);
  if (age > deps.recentMs) throw fail('auth.not_recent');
  return user;
}

function identitiesOf(tx: ReadTransaction, userId: IdentityDoc['user_id']): Promise<IdentityDoc[]> {
  return tx.range('identities', { index: 'by_user', prefix: [userId], limit: MAX_IDENTITIES });
}

function toIdentityResource({ provider, name, email, linked_at }: IdentityDoc): IdentityResource {
  return {
    provider,
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(linked_at === undefined ? {} : { linked_at }),
  };
}
