import { type AuditBy, recordAudit } from '@state-server/audit';
import { toCommitError } from '@state-server/commit';
import type { Scope, UserId } from '@state-server/domain';
import { keyRevocation, newServiceKey } from '@state-server/identity';
import type { RevocationDoc, ServiceKeyDoc, Transaction } from '@state-server/persistence-port';
import { fail, type NewServiceKeyResource, type ServiceKeyResource } from '@state-server/protocol';
import type { UserDeps } from '../user-deps';
import { accountIn, keysIn, SERVICE_KEYS, toServiceKey } from './find-service-account';

const DAY_MS = 24 * 3_600_000;
/** Where the installation says nothing. */
export const SERVICE_KEY_DAYS = 365;

interface OfAccount {
  readonly owner: UserId;
  readonly account_id: UserId;
  readonly from: AuditBy;
}

export interface CreateServiceKey extends OfAccount {
  /** Of the key; the same in every attempt. */
  readonly id: string;
  readonly name?: string;
  readonly scopes: readonly Scope[];
  readonly expires_in_days: number;
  /** Gets the key without what opens anything: that is stored nowhere. */
  readonly also?: (tx: Transaction, made: ServiceKeyResource) => Promise<void>;
}

/** Makes a key. Throws `service.not_found`, `service.too_many_keys`, `field.invalid` for one that would live too long. */
export async function createServiceKey(
  { store, environment, serviceKeyMaxDays = SERVICE_KEY_DAYS }: UserDeps,
  input: CreateServiceKey,
): Promise<NewServiceKeyResource> {
  const { owner, account_id, expires_in_days } = input;
  if (expires_in_days > serviceKeyMaxDays) {
    throw fail('field.invalid', { pointer: '/expires_in_days', max: serviceKeyMaxDays });
  }
  const now = environment.clock.now();
  const { key, hash } = newServiceKey(input.id);
  const doc: ServiceKeyDoc = {
    ...{ id: input.id, user_id: account_id, hash, scopes: [...input.scopes] },
    ...(input.name === undefined ? {} : { name: input.name }),
    created_at: new Date(now).toISOString(),
    created_by: owner,
    expires_at: new Date(now + expires_in_days * DAY_MS).toISOString(),
  };
  try {
    return await store.transact({ label: 'service.create_key' }, async (tx) => {
      const { account } = await accountIn(tx, owner, account_id);
      if ((await keysIn(tx, account_id)).length >= SERVICE_KEYS) {
        throw fail('service.too_many_keys', { max: SERVICE_KEYS });
      }
      // Two keys that are made at the same time count each other, and none comes beside the account's end (P1).
      tx.put('service_accounts', account);
      tx.guard('users', [account_id]);
      tx.put('service_keys', doc);
      recordAudit(tx, {
        ...input.from,
        action: 'service.key_created',
        target: { kind: 'service_key', id: doc.id },
        user_id: owner,
        details: { account_id, scopes: doc.scopes, expires_at: doc.expires_at },
        at: now,
      });
      const made = toServiceKey(doc);
      await input.also?.(tx, made);
      return { ...made, key };
    });
  } catch (error) {
    throw toCommitError(error);
  }
}

export interface RevokeServiceKey extends OfAccount {
  readonly key_id: string;
  readonly also?: (tx: Transaction) => Promise<void>;
}

/** Ends a key, here at once and everywhere within 2 s. Throws `service.not_found`, `service.key_not_found`. */
export async function revokeServiceKey(deps: UserDeps, input: RevokeServiceKey): Promise<void> {
  const { owner, account_id, key_id } = input;
  const now = deps.environment.clock.now();
  let revocation: RevocationDoc | undefined;
  try {
    await deps.store.transact({ label: 'service.revoke_key' }, async (tx) => {
      await accountIn(tx, owner, account_id);
      const key = await tx.get('service_keys', [key_id]);
      if (key?.user_id !== account_id) throw fail('service.key_not_found', { id: key_id });
      revocation = endKey(tx, key, now);
      recordAudit(tx, {
        ...input.from,
        action: 'service.key_revoked',
        target: { kind: 'service_key', id: key_id },
        user_id: owner,
        details: { account_id },
        at: now,
      });
      await input.also?.(tx);
    });
  } catch (error) {
    throw toCommitError(error);
  }
  if (revocation) deps.announce?.(revocation);
}

/** Announce what it answers after commit. */
export function endKey(tx: Transaction, key: ServiceKeyDoc, now: number): RevocationDoc {
  const revocation = keyRevocation(key.id, now);
  tx.delete('service_keys', [key.id]);
  tx.put('revocations', revocation);
  return revocation;
}
