import { type ObjectView, type Position, type ReadAs, readObjectFor, type Reads } from '@state-server/commit';
import {
  asUser,
  type BraneMeta,
  type ObjectId,
  type Role,
  type SceneObject,
  standingIn,
  type UserId,
} from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { assertCan, fail } from '@state-server/protocol';

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
  return seeObject({ store }, { id, user_id: userId, demand: 'latest' });
}

/** The same for doors that only read: from the cache where that may be, and at once where it can. Throws or rejects. */
export function seeObject(reads: Reads, asked: ReadAs<ObjectId>): FoundObject | Promise<FoundObject> {
  const view = readObjectFor(reads, asked);
  const { id, user_id } = asked;
  return view instanceof Promise
    ? view.then((later) => visible(later, user_id, id))
    : visible(view, user_id, id);
}

function visible(view: ObjectView | undefined, userId: UserId, id: ObjectId): FoundObject {
  const there = view?.deleted === false ? view : undefined;
  assertCan(asUser(userId), 'brane.view', there?.meta, { hidden: 'object.not_found', details: { id } });
  const { object, meta, head } = there;
  if (meta.status !== 'live') throw fail('brane.deleted', { id: meta.id });
  return { object, meta, role: standingIn(meta, userId) ?? 'guest', position: head };
}
