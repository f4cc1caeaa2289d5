import { type OtherUser, type Position, readBraneAs } from '@state-server/commit';
import {
  type BraneId,
  type BraneMeta,
  type ObjectId,
  type SceneObject,
  type Standing,
  type UserId,
  asUser,
  can,
  isLive,
  standingIn,
} from '@state-server/domain';
import type { HeadDoc, PrototypeDoc, ReadTransaction } from '@state-server/persistence-port';

interface BraneAs {
  readonly meta: BraneMeta;
  readonly version: number;
  readonly head: HeadDoc;
}

/** Whatever has an id. A brane's id is its root group's too (SYNC S7): then it is the brane. */
export type Entity =
  | { readonly kind: 'brane'; readonly brane: BraneAs; readonly role: Standing }
  | { readonly kind: 'object'; readonly object: SceneObject; readonly head: Position }
  | { readonly kind: 'user'; readonly user: OtherUser }
  | { readonly kind: 'prototype'; readonly prototype: PrototypeDoc };

/**
 * What has these ids and may be seen by the user, from one snapshot, each judged by itself. Undefined, whatever the reason,
 * for what is not there, is deleted, or is none of his business.
 */
export async function findEntities(
  tx: ReadTransaction,
  userId: UserId,
  ids: readonly ObjectId[],
): Promise<(Entity | undefined)[]> {
  const registered = await tx.getMany(
    'object_ids',
    ids.map((id) => [id]),
  );
  const objects = new Map<ObjectId, SceneObject>();
  await readWithAncestors(
    tx,
    registered.flatMap((doc) => (doc ? [[doc.brane_id, doc.id] as const] : [])),
    objects,
  );
  const branes = new Map<BraneId, (BraneAs & { readonly role: Standing }) | undefined>();
  for (const { brane_id } of objects.values()) {
    if (!branes.has(brane_id)) branes.set(brane_id, await visibleBrane(tx, userId, brane_id));
  }
  const scene = { get: (id: ObjectId): SceneObject | undefined => objects.get(id) };
  const found = ids.map((id): Entity | undefined => {
    const object = objects.get(id);
    const brane = object && branes.get(object.brane_id);
    if (!brane || !isLive(scene, object)) return undefined;
    if (brane.meta.id === id) return { kind: 'brane', brane, role: brane.role };
    return { kind: 'object', object, head: brane.head };
  });
  const others = ids.filter((_, place) => registered[place] === undefined);
  const elsewhere = await findOthers(tx, userId, others);
  return ids.map((id, place) => (registered[place] ? found[place] : elsewhere.get(id)));
}

/** Users and prototypes, which stand in no brane. */
async function findOthers(
  tx: ReadTransaction,
  userId: UserId,
  ids: readonly ObjectId[],
): Promise<ReadonlyMap<ObjectId, Entity>> {
  const found = new Map<ObjectId, Entity>();
  const keys = ids.map((id) => [id]);
  const users = await tx.getMany('users', keys);
  const prototypes = await tx.getMany('prototypes', keys);
  for (const [place, id] of ids.entries()) {
    const user = users[place];
    if (user) found.set(id, { kind: 'user', user });
    const prototype = visiblePrototype(prototypes[place], userId);
    if (prototype) found.set(id, prototype);
  }
  return found;
}

/** A prototype by itself, as the same rules have it. */
export async function findPrototypeAs(
  tx: ReadTransaction,
  userId: UserId,
  id: ObjectId,
): Promise<Entity | undefined> {
  return visiblePrototype(await tx.get('prototypes', [id]), userId);
}

function visiblePrototype(prototype: PrototypeDoc | undefined, userId: UserId): Entity | undefined {
  if (!prototype || prototype.is_deleted) return undefined;
  return can(asUser(userId), 'prototype.view', prototype) === 'allowed'
    ? { kind: 'prototype', prototype }
    : undefined;
}

async function readWithAncestors(
  tx: ReadTransaction,
  keys: readonly (readonly [BraneId, ObjectId])[],
  into: Map<ObjectId, SceneObject>,
): Promise<void> {
  let wanted = new Map(keys.map((key) => [key[1], key]));
  while (wanted.size > 0) {
    const docs = await tx.getMany('objects', [...wanted.values()]);
    const above: typeof wanted = new Map();
    for (const doc of docs) if (doc) into.set(doc.id, doc.object);
    for (const doc of docs) {
      if (!doc || doc.parent_id === null || into.has(doc.parent_id)) continue;
      above.set(doc.parent_id, [doc.brane_id, doc.parent_id]);
    }
    wanted = above;
  }
}

/** Undefined when it is not live, or the user may not see it. */
async function visibleBrane(
  tx: ReadTransaction,
  userId: UserId,
  braneId: BraneId,
): Promise<(BraneAs & { readonly role: Standing }) | undefined> {
  const brane = await readBraneAs(tx, braneId, userId);
  if (!brane || can(asUser(userId), 'brane.view', brane.meta) !== 'allowed') return undefined;
  if (brane.meta.status !== 'live') return undefined;
  return { ...brane, role: standingIn(brane.meta, userId) ?? 'guest' };
}
