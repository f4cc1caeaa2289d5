import {
  type ReadAs,
  readBraneFor,
  readObjectFor,
  type Reads,
  readUserFor,
  withReadErrors,
} from '@state-server/commit';
import {
  type ObjectId,
  type UserId,
  asBraneId,
  asUser,
  asUserId,
  can,
  standingIn,
} from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import { type Entity, findEntities, findPrototypeAs } from './find-entities';

/** What has this id, if the user may see it; otherwise `object.not_found`, whatever the reason. */
export async function getEntity(reads: Reads, asked: ReadAs<ObjectId>): Promise<Entity> {
  const entity = await (reads.cache ? fromCache(reads, asked) : fromStore(reads.store, asked));
  if (!entity) throw fail('object.not_found', { id: asked.id });
  return entity;
}

/** The same for several, from one snapshot; undefined where the one would be refused. */
export async function getEntities(
  store: Store,
  userId: UserId,
  ids: readonly ObjectId[],
): Promise<(Entity | undefined)[]> {
  return withReadErrors(store.read({ label: 'entity.get' }, (tx) => findEntities(tx, userId, ids)));
}

async function fromStore(store: Store, { id, user_id }: ReadAs<ObjectId>): Promise<Entity | undefined> {
  const [entity] = await getEntities(store, user_id, [id]);
  return entity;
}

async function fromCache(reads: Reads, asked: ReadAs<ObjectId>): Promise<Entity | undefined> {
  const { id, user_id, demand } = asked;
  const view = await readObjectFor(reads, asked);
  if (!view) {
    const user = await readUserFor(reads, { id: asUserId(id), demand });
    if (user) return { kind: 'user', user };
    return withReadErrors(
      reads.store.read({ label: 'entity.get' }, (tx) => findPrototypeAs(tx, user_id, id)),
    );
  }
  const { object, meta, head, deleted } = view;
  const isSeen = can(asUser(user_id), 'brane.view', meta) === 'allowed';
  if (!isSeen || deleted || meta.status !== 'live') return undefined;
  if (meta.id !== id) return { kind: 'object', object, head };
  const brane = await readBraneFor(reads, { id: asBraneId(id), user_id, demand: [head] });
  return brane && { kind: 'brane', brane, role: standingIn(meta, user_id) ?? 'guest' };
}
