import { type BraneView, type ObjectView, readBrane, readObject, withReadErrors } from '@state-server/commit';
import {
  type ObjectId,
  type Standing,
  type UserId,
  asBraneId,
  asUserId,
  can,
  roleIn,
} from '@state-server/domain';
import type { Store, UserDoc } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';

/** Whatever has an id. A brane's id is its root group's too (SYNC S7): then it is the brane. */
export type Entity =
  | { readonly kind: 'brane'; readonly brane: BraneView; readonly role: Standing }
  | { readonly kind: 'object'; readonly view: ObjectView }
  | { readonly kind: 'user'; readonly user: UserDoc };

/** What has this id, if the user may see it; otherwise `object.not_found`, whatever the reason. */
export async function getEntity(store: Store, userId: UserId, id: ObjectId): Promise<Entity> {
  const view = await readObject(store, id, userId);
  if (view) {
    const role = roleIn(view.meta, userId);
    if (role === null || !can(role, 'view') || view.deleted || view.meta.status !== 'live') {
      throw fail('object.not_found', { id });
    }
    if (view.meta.id !== id) return { kind: 'object', view };
    const brane = await readBrane(store, asBraneId(id));
    if (brane) return { kind: 'brane', brane, role };
  }
  const user = await withReadErrors(
    store.read({ label: 'user.get' }, (tx) => tx.get('users', [asUserId(id)])),
  );
  if (!user) throw fail('object.not_found', { id });
  return { kind: 'user', user };
}
