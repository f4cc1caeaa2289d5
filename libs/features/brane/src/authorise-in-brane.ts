import { readBrane } from '@state-server/commit';
import { type BraneId, type UserId, can, roleIn } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';

type Action = Parameters<typeof can>[1];

/**
 * Whether the user may do this in the brane at this moment, deleted or not. Throws `brane.not_found` for whoever may not
 * see it, `permission.denied` for whose role is too small.
 */
export async function authoriseInBrane(
  store: Store,
  userId: UserId,
  braneId: BraneId,
  action: Action,
): Promise<void> {
  const brane = await readBrane(store, braneId);
  const role = brane ? roleIn(brane.meta, userId) : null;
  if (role === null || !can(role, 'view')) throw fail('brane.not_found', { id: braneId });
  if (!can(role, action)) throw fail('permission.denied', { brane_id: braneId, role });
}
