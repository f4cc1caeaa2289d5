import { asEpoch, type BraneId, type ObjectId, type SceneObject, type UserId } from '@state-server/domain';
import {
  type Demand,
  type Loaded,
  placeOf,
  type ReadCache,
  readSteps,
  type Store,
  type UserDoc,
} from '@state-server/persistence-port';
import { readErrorsOf, withReadErrors } from './errors';
import { type BraneView, braneSteps, objectSteps, type ObjectView, viewObject } from './read';

/** What doors read from that only read: the store, and where there is one, the cache before it (never for a write). */
export interface Reads {
  readonly store: Store;
  readonly cache?: ReadCache | undefined;
}

export interface ReadAs<Id> {
  readonly id: Id;
  /** Who asks. */
  readonly user_id: UserId;
  readonly demand: Demand;
}

/** An object as it is the same for all who ask. */
interface SharedObject {
  readonly brane_id: BraneId;
  readonly object: SceneObject;
  readonly deleted: boolean;
}

const accessKey = (braneId: BraneId, userId: UserId): string => `access:${braneId}:${userId}`;

/**
 * `viewObject`, from the cache where that may be. What the one who asks may see is read at the place of the object or later
 * (SYNC L6), so that nobody is shown what was written after he was put out.
 */
export function readObjectFor(
  { store, cache }: Reads,
  { id, user_id, demand }: ReadAs<ObjectId>,
): ObjectView | undefined | Promise<ObjectView | undefined> {
  if (!cache) return viewObject(store, id, user_id);
  const judged = (found: Loaded<SharedObject> | undefined) => {
    if (!found) return undefined;
    const { brane_id } = found.value;
    const access = readAccess(store, cache, { id: brane_id, user_id, demand: [found.place] });
    return access instanceof Promise
      ? access.then((later) => toView(found, later?.value))
      : toView(found, access?.value);
  };
  return readErrorsOf(() => {
    const found = cache.read({ key: `object:${id}`, demand, load: () => loadObject(store, id, user_id) });
    return found instanceof Promise ? found.then(judged) : judged(found);
  });
}

/** `readBrane`, from the cache where that may be; of the members only the one who asks is in it, if he is one. */
export async function readBraneFor(
  { store, cache }: Reads,
  asked: ReadAs<BraneId>,
): Promise<BraneView | undefined> {
  if (!cache) {
    return withReadErrors(
      Promise.resolve(
        readSteps(store, { label: 'commit.read_brane' }, (reader) =>
          braneSteps(reader, asked.id, asked.user_id),
        ),
      ),
    );
  }
  const found = await withReadErrors(Promise.resolve(readAccess(store, cache, asked)));
  return found?.value;
}

/** Of a user what others see or are judged by; the rest is nobody else's business, and so is not kept in Redis either. */
export type OtherUser = Pick<
  UserDoc,
  'id' | 'name' | 'avatar' | 'guest' | 'roles' | 'deleted_at' | 'version'
>;

/** A user for others, from the cache where that may be. Whoever asks for himself reads the store. */
export async function readUserFor(
  { store, cache }: Reads,
  { id, demand }: Pick<ReadAs<UserId>, 'id' | 'demand'>,
): Promise<OtherUser | undefined> {
  const load = (): Promise<UserDoc | undefined> =>
    store.read({ label: 'user.get' }, (tx) => tx.get('users', [id]));
  if (!cache) {
    const user = await withReadErrors(load());
    return user && forOthers(user);
  }
  const read = cache.read({
    key: `user:${id}`,
    demand,
    load: async () => {
      const user = await load();
      return user && { value: forOthers(user), place: placeOf('users', user) };
    },
  });
  const found = await withReadErrors(Promise.resolve(read));
  return found?.value;
}

function forOthers({ id, name, avatar, guest, roles, deleted_at, version }: UserDoc): OtherUser {
  return {
    ...{ id, name, roles, version },
    ...(avatar === undefined ? {} : { avatar }),
    ...(guest && { guest }),
    ...(deleted_at === undefined ? {} : { deleted_at }),
  };
}

function readAccess(
  store: Store,
  cache: ReadCache,
  { id, user_id, demand }: ReadAs<BraneId>,
): Loaded<BraneView> | undefined | Promise<Loaded<BraneView> | undefined> {
  return cache.read({
    key: accessKey(id, user_id),
    demand,
    load: async () => {
      const view = await readSteps(store, { label: 'commit.read_brane' }, (reader) =>
        braneSteps(reader, id, user_id),
      );
      return view && { value: view, place: placeOf('heads', view.head) };
    },
  });
}

/** With what the same snapshot says of the brane, so that the one who asks first is answered from one reading. */
async function loadObject(
  store: Store,
  id: ObjectId,
  userId: UserId,
): Promise<Loaded<SharedObject> | undefined> {
  const found = await readSteps(store, { label: 'commit.read_object' }, (reader) =>
    objectSteps(reader, id, userId),
  );
  if (!found) return undefined;
  const { object, deleted, brane } = found;
  const { id: braneId } = brane.meta;
  return {
    value: { brane_id: braneId, object, deleted },
    place: placeOf('heads', brane.head),
    also: [{ key: accessKey(braneId, userId), value: brane }],
  };
}

function toView(
  { value: { object, deleted }, place }: Loaded<SharedObject>,
  brane: BraneView | undefined,
): ObjectView | undefined {
  // A brane that is gone takes its objects along.
  if (!brane) return undefined;
  return { object, meta: brane.meta, head: { epoch: asEpoch(place.epoch), seq: place.seq }, deleted };
}
