import { COMPANY_LIMITS, type UserId } from '@state-server/domain';
import type { Transaction, UserDoc } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';

/**
 * That whoever is to become a member of one more company is there, also when this transaction commits: whoever goes writes
 * his record (SYNC P1). A guest has no account that he could be found by. Throws `user.not_found`, `company.too_many`.
 */
export async function assertMayJoin(tx: Transaction, id: UserId): Promise<UserDoc> {
  tx.guard('users', [id]);
  const user = await tx.get('users', [id]);
  if (!user || user.deleted_at !== undefined || 'guest' in user) throw fail('user.not_found', { id });
  const { companies_per_user: max } = COMPANY_LIMITS;
  const memberships = await tx.range('company_members', { index: 'by_user', prefix: [id], limit: max });
  if (memberships.length >= max) throw fail('company.too_many', { max });
  return user;
}
