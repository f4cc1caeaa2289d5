import type { UserId } from '@state-server/domain';
import type { Transaction } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';

/**
 * That the user is there, also when this transaction commits: whoever goes writes his record, so one of the two conflicts and
 * looks again (SYNC P1). Throws `user.not_found`.
 */
export async function assertUserIn(tx: Transaction, id: UserId): Promise<void> {
  tx.guard('users', [id]);
  const user = await tx.get('users', [id]);
  if (!user || user.deleted_at !== undefined) throw fail('user.not_found', { id });
}
