import { withReadErrors } from '@state-server/commit';
import type { ObjectId, UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import { type Entity, findEntities } from './find-entities';

/** What has this id, if the user may see it; otherwise `object.not_found`, whatever the reason. */
export async function getEntity(store: Store, userId: UserId, id: ObjectId): Promise<Entity> {
  const [entity] = await getEntities(store, userId, [id]);
  if (!entity) throw fail('object.not_found', { id });
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
