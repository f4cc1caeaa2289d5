import { withReadErrors } from '@state-server/commit';
import type { UserId } from '@state-server/domain';
import { endSessionsOf } from '@state-server/identity';
import type {
  ReadTransaction,
  RevocationDoc,
  ServiceAccountDoc,
  ServiceKeyDoc,
  Store,
  Transaction,
  UserDoc,
} from '@state-server/persistence-port';
import { fail, type ServiceAccountResource, type ServiceKeyResource } from '@state-server/protocol';

/** Service accounts that one user or company may have. */
export const SERVICE_ACCOUNTS = 20;
/** Keys that one service account may have. */
export const SERVICE_KEYS = 10;

export interface FoundAccount {
  readonly account: ServiceAccountDoc;
  readonly user: UserDoc;
}

/** One of the user's own service accounts. Throws `service.not_found`. */
export async function accountIn(tx: ReadTransaction, owner: UserId, id: UserId): Promise<FoundAccount> {
  const [account, user] = await Promise.all([tx.get('service_accounts', [id]), tx.get('users', [id])]);
  const isOwn = account?.owner_kind === 'user' && account.owner_id === owner;
  if (!isOwn || !user || user.deleted_at !== undefined) throw fail('service.not_found', { id });
  return { account, user };
}

export function accountsIn(tx: ReadTransaction, owner: UserId): Promise<ServiceAccountDoc[]> {
  return tx.range('service_accounts', {
    index: 'by_owner',
    prefix: ['user', owner],
    limit: SERVICE_ACCOUNTS + 1,
  });
}

/**
 * What the keys of all his service accounts are known as everywhere ends: they are looked up again, and are good only if he
 * still answers for them. Announce what it answers after commit.
 */
export async function endServiceAccounts(
  tx: Transaction,
  owner: UserId,
  now: number,
): Promise<readonly RevocationDoc[]> {
  const ended = [];
  for (const { id } of await accountsIn(tx, owner))
    ended.push(...(await endSessionsOf(tx, id, now)).revocations);
  return ended;
}

export function keysIn(tx: ReadTransaction, id: UserId): Promise<ServiceKeyDoc[]> {
  return tx.range('service_keys', { index: 'by_user', prefix: [id], limit: SERVICE_KEYS + 1 });
}

export async function listServiceAccounts(store: Store, owner: UserId): Promise<ServiceAccountResource[]> {
  return withReadErrors(
    store.read({ label: 'service.list' }, async (tx) => {
      const accounts = await accountsIn(tx, owner);
      const users = await tx.getMany(
        'users',
        accounts.map(({ id }) => [id]),
      );
      return accounts.flatMap((account, index) => {
        const user = users[index];
        return user ? [toServiceAccount({ account, user })] : [];
      });
    }),
  );
}

export async function getServiceAccount(
  store: Store,
  owner: UserId,
  id: UserId,
): Promise<ServiceAccountResource> {
  return withReadErrors(
    store.read({ label: 'service.get' }, async (tx) => toServiceAccount(await accountIn(tx, owner, id))),
  );
}

export async function listServiceKeys(
  store: Store,
  owner: UserId,
  id: UserId,
): Promise<ServiceKeyResource[]> {
  return withReadErrors(
    store.read({ label: 'service.keys' }, async (tx) => {
      await accountIn(tx, owner, id);
      return (await keysIn(tx, id)).map(toServiceKey);
    }),
  );
}

/** Throws `service.not_found`, `service.key_not_found`. */
export async function getServiceKey(
  store: Store,
  of: { readonly owner: UserId; readonly account_id: UserId; readonly key_id: string },
): Promise<ServiceKeyResource> {
  return withReadErrors(
    store.read({ label: 'service.key' }, async (tx) => {
      await accountIn(tx, of.owner, of.account_id);
      const key = await tx.get('service_keys', [of.key_id]);
      if (key?.user_id !== of.account_id) throw fail('service.key_not_found', { id: of.key_id });
      return toServiceKey(key);
    }),
  );
}

export function toServiceAccount({ account, user }: FoundAccount): ServiceAccountResource {
  const { id, owner_kind, owner_id, description, created_at, created_by } = account;
  return {
    ...{ id, name: user.name, owner: { kind: owner_kind, id: owner_id }, created_at, created_by },
    ...(description === undefined ? {} : { description }),
  };
}

export function toServiceKey(doc: ServiceKeyDoc): ServiceKeyResource {
  const { hash: _hash, user_id: _user, revoked_at: _revoked, scopes, ...rest } = doc;
  return { ...rest, scopes: [...scopes], prefix: `ssk_${doc.id.replaceAll('-', '')}` };
}
