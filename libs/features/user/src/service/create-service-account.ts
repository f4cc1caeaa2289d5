import { type AuditBy, recordAudit } from '@state-server/audit';
import { toCommitError } from '@state-server/commit';
import { asUserId, type UserId } from '@state-server/domain';
import type { ServiceAccountDoc, Transaction, UserDoc } from '@state-server/persistence-port';
import { fail, type ServiceAccountResource } from '@state-server/protocol';
import { there } from '../get-user';
import type { UserDeps } from '../user-deps';
import { accountsIn, SERVICE_ACCOUNTS, toServiceAccount } from './find-service-account';

export interface CreateServiceAccount {
  readonly owner: UserId;
  /** Of the account; the same in every attempt. */
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly from: AuditBy;
  readonly also?: (tx: Transaction, made: ServiceAccountResource) => Promise<void>;
}

/** Makes a service account of a user. Throws `service.too_many`, `user.not_found`. */
export async function createServiceAccount(
  { store, environment }: Pick<UserDeps, 'store' | 'environment'>,
  input: CreateServiceAccount,
): Promise<ServiceAccountResource> {
  const now = environment.clock.now();
  const at = new Date(now).toISOString();
  const id = asUserId(input.id);
  try {
    return await store.transact({ label: 'service.create' }, async (tx) => {
      const owner = there(await tx.get('users', [input.owner]), input.owner);
      const others = await accountsIn(tx, input.owner);
      if (others.length >= SERVICE_ACCOUNTS) throw fail('service.too_many', { max: SERVICE_ACCOUNTS });
      // Written, not guarded: two that are made at the same time count each other (P1).
      tx.put('users', owner);
      const user: UserDoc = {
        ...{ id, name: input.name, roles: ['user'], version: 1, created_at: at, updated_at: at },
        service: { kind: 'user', id: input.owner },
      };
      const account: ServiceAccountDoc = {
        ...{ id, owner_kind: 'user', owner_id: input.owner, created_at: at, created_by: input.owner },
        ...(input.description === undefined ? {} : { description: input.description }),
      };
      tx.put('users', user);
      tx.put('service_accounts', account);
      recordAudit(tx, {
        ...input.from,
        action: 'service.created',
        target: { kind: 'user', id },
        user_id: input.owner,
        details: { name: input.name },
        at: now,
      });
      const made = toServiceAccount({ account, user });
      await input.also?.(tx, made);
      return made;
    });
  } catch (error) {
    throw toCommitError(error);
  }
}
