import { type AuditBy, recordAudit } from '@state-server/audit';
import { asOpId, type UserId } from '@state-server/domain';
import type { Transaction } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import { deleteUser } from '../delete-user';
import type { UserDeps } from '../user-deps';
import { keysIn } from './find-service-account';

export interface DeleteServiceAccount {
  readonly owner: UserId;
  readonly account_id: UserId;
  readonly from: AuditBy;
  readonly also?: (tx: Transaction) => Promise<void>;
}

/**
 * Deletes the account as a user is deleted, and its keys: what they are known as everywhere ends with the account.
 * Throws `service.not_found`, `user.not_found` for one that went at this moment.
 */
export async function deleteServiceAccount(
  deps: Pick<UserDeps, 'store' | 'environment' | 'announce' | 'poke'>,
  { owner, account_id, from, also }: DeleteServiceAccount,
): Promise<void> {
  const { ids, clock } = deps.environment;
  await deleteUser(deps, {
    user_id: account_id,
    op_id: asOpId(ids.uuid()),
    operation_id: ids.uuid(),
    also: async (tx) => {
      const account = await tx.get('service_accounts', [account_id]);
      const isOwn = account?.owner_kind === 'user' && account.owner_id === owner;
      if (!isOwn) throw fail('service.not_found', { id: account_id });
      for (const { id } of await keysIn(tx, account_id)) tx.delete('service_keys', [id]);
      tx.delete('service_accounts', [account_id]);
      recordAudit(tx, {
        ...from,
        action: 'service.deleted',
        target: { kind: 'user', id: account_id },
        user_id: owner,
        at: clock.now(),
      });
      await also?.(tx);
    },
  });
}
