import { type BraneView, readBrane } from '@state-server/commit';
import { type ActionOn, asUser, type BraneId, type UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { assertCan, fail } from '@state-server/protocol';

/**
 * A live brane in which the user may do this. Throws `brane.not_found` for whoever may not see it, `brane.deleted`,
 * `permission.denied`.
 */
export async function braneFor(
  store: Store,
  userId: UserId,
  id: BraneId,
  action: ActionOn<'brane'>,
): Promise<BraneView> {
  const view = await readBrane(store, id);
  const details = { id };
  if (!view) throw fail('brane.not_found', details);
  assertCan(asUser(userId), 'brane.view', view.meta, { details });
  if (view.meta.status !== 'live') throw fail('brane.deleted', details);
  assertCan(asUser(userId), action, view.meta, { details });
  return view;
}
