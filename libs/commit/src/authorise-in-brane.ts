import { type ActionOn, asUser, type BraneId, type UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { assertCan } from '@state-server/protocol';
import { readBrane } from './read';

/**
 * Whether the user may do this in the brane at this moment, deleted or not. Throws `brane.not_found` for whoever may not
 * see it, `permission.denied` for whose role is too small.
 */
export async function authoriseInBrane(
  store: Store,
  userId: UserId,
  braneId: BraneId,
  action: ActionOn<'brane'>,
): Promise<void> {
  const brane = await readBrane(store, braneId);
  assertCan(asUser(userId), action, brane?.meta, { details: { id: braneId } });
}
