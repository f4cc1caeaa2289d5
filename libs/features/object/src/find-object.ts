import { type ObjectView, type Position, viewObject } from '@state-server/commit';
import {
  type BraneMeta,
  type ObjectId,
  type Role,
  type SceneObject,
  type UserId,
  can,
  roleIn,
} from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';

export interface FoundObject {
  readonly object: SceneObject;
  readonly meta: BraneMeta;
  /** Of the one who asks. */
  readonly role: Role | 'guest';
  /** The state that this was read from. */
  readonly position: Position;
}

/**
 * A live object that the user may see. Whoever may not see its brane learns nothing of it: `object.not_found`, as for an
 * object that is deleted or never was. In a deleted brane its members are told `brane.deleted`.
 */
export async function findObject(store: Store, userId: UserId, id: ObjectId): Promise<FoundObject> {
  return seeObject(store, userId, id);
}

/** The same, at once where the store can. Throws or rejects. */
export function seeObject(store: Store, userId: UserId, id: ObjectId): FoundObject | Promise<FoundObject> {
  const view = viewObject(store, id, userId);
  return view instanceof Promise
    ? view.then((later) => visible(later, userId, id))
    : visible(view, userId, id);
}

function visible(view: ObjectView | undefined, userId: UserId, id: ObjectId): FoundObject {
  const role = view ? roleIn(view.meta, userId) : null;
  if (!view || view.deleted || role === null || !can(role, 'view')) throw fail('object.not_found', { id });
  if (view.meta.status !== 'live') {
    throw role === 'guest' ? fail('object.not_found', { id }) : fail('brane.deleted', { id: view.meta.id });
  }
  return { object: view.object, meta: view.meta, role, position: view.head };
}
