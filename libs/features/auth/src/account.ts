import { type AuditOrigin, recordAudit, SYSTEM_ACTOR } from '@state-server/audit';
import { asUserId } from '@state-server/domain';
import { becomeAccount } from '@state-server/identity';
import type { IdentityDoc, Transaction, UserDoc } from '@state-server/persistence-port';
import type { GuestCaller } from './guest/guest-caller';

/** Somebody who has proven who he is, whichever way. */
export interface Proven {
  readonly provider: string;
  readonly subject: string;
  readonly name?: string;
  /** Proven to be his own: what is not proven goes nowhere near a user. */
  readonly email?: string;
}

export interface AccountParts {
  /** Of the user, if he is new. */
  readonly id: string;
  /** RFC 3339. */
  readonly at: string;
  /** Emails in lower case whose owners administer the installation. */
  readonly admins: ReadonlySet<string>;
  readonly origin?: AuditOrigin | undefined;
  /** He came with a guest's token: the guest becomes the account, if there is none yet. */
  readonly guest?: GuestCaller | undefined;
}

/** Of a user whose provider does not tell. */
const NO_NAME = 'Somebody';
const MAX_NAME_CHARS = 100;

/**
 * The user of an identity; made when he comes for the first time. Nobody is found by his e-mail (OAUTH-5). Two first
 * sign-ins at the same time write the same identity: the later one conflicts and finds the user (P1).
 */
export async function findOrCreateUser(
  tx: Transaction,
  proven: Proven,
  parts: AccountParts,
): Promise<UserDoc> {
  const isAdmin = parts.admins.has(proven.email?.toLowerCase() ?? '');
  const identity = await tx.get('identities', [proven.provider, proven.subject]);
  const known = identity && (await tx.get('users', [identity.user_id]));
  // Whoever comes back after his deletion is somebody new.
  if (known && known.deleted_at === undefined) return isAdmin ? appoint(tx, known, parts) : known;
  const user = (await convertGuest(tx, proven, parts)) ?? newUser(proven, parts);
  tx.put('users', user);
  tx.put('identities', toIdentityDoc(proven, user, parts.at));
  return isAdmin ? appoint(tx, user, parts) : user;
}

/**
 * He keeps his id, and so his works, his undo and what he is in the brane (GUEST-10). The session that he had ends with what
 * it has issued: it was a guest's.
 */
async function convertGuest(
  tx: Transaction,
  { name, email }: Proven,
  { guest, at, origin }: AccountParts,
): Promise<UserDoc | undefined> {
  if (!guest) return undefined;
  const user = await tx.get('users', [guest.user_id]);
  if (!user?.guest || user.deleted_at !== undefined) return undefined;
  const now = Date.parse(at);
  tx.delete('sessions', [guest.session_id]);
  recordAudit(tx, {
    ...origin,
    action: 'guest.converted',
    actor: { kind: 'guest', id: user.id },
    target: { kind: 'user', id: user.id },
    brane_id: user.guest.brane_id,
    at: now,
  });
  return becomeAccount(
    tx,
    user,
    {
      name: name === undefined ? user.name : displayName(name),
      ...(email === undefined ? {} : { email }),
    },
    now,
  );
}

export function toIdentityDoc(proven: Proven, user: Pick<UserDoc, 'id'>, at: string): IdentityDoc {
  const { provider, subject, name, email } = proven;
  return {
    provider,
    subject,
    user_id: user.id,
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    linked_at: at,
  };
}

/** A name as a user has one. */
export function displayName(name: string | undefined): string {
  const trimmed = name?.trim().slice(0, MAX_NAME_CHARS) ?? '';
  return trimmed === '' ? NO_NAME : trimmed;
}

/** The installation names its administrators: they are so from their next sign-in on. */
function appoint(tx: Transaction, user: UserDoc, { at, origin }: AccountParts): UserDoc {
  if (user.roles.includes('admin')) return user;
  const roles = [...user.roles, 'admin' as const];
  const admin: UserDoc = { ...user, roles, version: user.version + 1, updated_at: at };
  tx.put('users', admin);
  recordAudit(tx, {
    ...origin,
    action: 'user.roles_set',
    actor: SYSTEM_ACTOR,
    target: { kind: 'user', id: user.id },
    details: { before: user.roles, roles },
    at: Date.parse(at),
  });
  return admin;
}

function newUser({ name, email }: Proven, { id, at }: AccountParts): UserDoc {
  return {
    id: asUserId(id),
    name: displayName(name),
    ...(email === undefined ? {} : { email }),
    roles: ['user'],
    version: 1,
    created_at: at,
    updated_at: at,
  };
}
