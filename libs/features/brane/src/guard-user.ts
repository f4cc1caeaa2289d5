import type { BraneId, Role, UserId } from '@state-server/domain';
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

/**
 * That this user may be that in the brane: a guest is a member of the one brane that let him in, and keeps no order there.
 * Throws `user.not_found`, as if he were not there, and `permission.denied`.
 */
export async function assertMemberIn(
  tx: Transaction,
  id: UserId,
  braneId: BraneId,
  role: Role,
): Promise<void> {
  await assertUserIn(tx, id);
  const user = await tx.get('users', [id]);
  if (!user?.guest) return;
  if (user.guest.brane_id !== braneId) throw fail('user.not_found', { id });
  if (role !== 'viewer' && role !== 'editor') {
    throw fail(
      'permission.denied',
      { user_id: id, role },
      'A guest is a viewer or an editor: it takes an account.',
    );
  }
}
