import {
  type BraneId,
  type BraneMeta,
  type Epoch,
  LIMITS,
  type ObjectId,
  type SceneObject,
  type UserId,
} from '@state-server/domain';
import {
  type BraneDoc,
  type HeadDoc,
  type MemberDoc,
  type ReadTransaction,
  readSteps,
  type StepReader,
  type Steps,
  type Store,
} from '@state-server/persistence-port';
import { readErrorsOf, withReadErrors } from './errors';

/** A place in a brane's log (SYNC L3): a seq says nothing without its epoch. */
export interface Position {
  readonly epoch: Epoch;
  readonly seq: number;
}

/** An object with what a door needs to decide who may see it. */
export interface ObjectView {
  readonly object: SceneObject;
  /** Of its members the one who asks, if he is one: a brane may have a thousand. */
  readonly meta: BraneMeta;
  /** The state that this was read from. */
  readonly head: Position;
  /** It or one of its ancestors is marked as deleted (SYNC S1). */
  readonly deleted: boolean;
}

export interface BraneView {
  readonly meta: BraneMeta;
  /** Of the brane itself, not of its objects: for ETag and `if_version`. */
  readonly version: number;
  readonly head: HeadDoc;
}

export async function readHead(store: Store, braneId: BraneId): Promise<HeadDoc | undefined> {
  return withReadErrors(store.read({ label: 'commit.read_head' }, (tx) => tx.get('heads', [braneId])));
}

/** Name, visibility, status and members; undefined when there is no such brane, or only its tombstone (SYNC L7). */
export async function readMeta(store: Store, braneId: BraneId): Promise<BraneMeta | undefined> {
  const view = await readBrane(store, braneId);
  return view?.meta;
}

/** The brane with its version and head, from one snapshot. */
export async function readBrane(store: Store, braneId: BraneId): Promise<BraneView | undefined> {
  return withReadErrors(store.read({ label: 'commit.read_brane' }, (tx) => readBraneIn(tx, braneId)));
}

export async function readBraneIn(tx: ReadTransaction, braneId: BraneId): Promise<BraneView | undefined> {
  const head = await tx.get('heads', [braneId]);
  if (!head) return undefined;
  const brane = await readMetaIn(tx, braneId);
  return brane && { ...brane, head };
}

export async function readMetaIn(
  tx: ReadTransaction,
  braneId: BraneId,
): Promise<{ readonly meta: BraneMeta; readonly version: number } | undefined> {
  const brane = await tx.get('branes', [braneId]);
  if (!brane) return undefined;
  const members = await tx.range('members', { prefix: [braneId], limit: LIMITS.members_per_brane });
  return { meta: toMeta(brane, members), version: brane.version };
}

/** The brane's facts as far as they concern one user (of its members him alone), and its head. */
export async function readBraneAs(
  tx: ReadTransaction,
  braneId: BraneId,
  userId: UserId,
): Promise<{ readonly meta: BraneMeta; readonly version: number; readonly head: HeadDoc } | undefined> {
  const head = await tx.get('heads', [braneId]);
  const brane = head && (await tx.get('branes', [braneId]));
  if (!head || !brane) return undefined;
  const member = await tx.get('members', [braneId, userId]);
  return { meta: toMeta(brane, member ? [member] : []), version: brane.version, head };
}

/** An object wherever it is (SYNC I6), marked ones included, as that user is to be judged. */
export async function readObject(
  store: Store,
  id: ObjectId,
  userId: UserId,
): Promise<ObjectView | undefined> {
  return viewObject(store, id, userId);
}

/** The same, at once where the store can (see `readSteps`). The object is frozen, and the same one for all until it changes. */
export function viewObject(
  store: Store,
  id: ObjectId,
  userId: UserId,
): ObjectView | undefined | Promise<ObjectView | undefined> {
  return readErrorsOf(() =>
    readSteps(store, { label: 'commit.read_object' }, (reader) => viewSteps(reader, id, userId)),
  );
}

function* viewSteps(reader: StepReader, id: ObjectId, userId: UserId): Steps<ObjectView | undefined> {
  const found = yield* objectSteps(reader, id, userId);
  if (!found) return undefined;
  const { object, deleted, brane } = found;
  return { object, meta: brane.meta, head: { epoch: brane.head.epoch, seq: brane.head.seq }, deleted };
}

/** An object, and its brane as far as the one who asks is to be judged in it. */
export interface ObjectInBrane {
  readonly object: SceneObject;
  readonly deleted: boolean;
  readonly brane: BraneView;
}

export function* objectSteps(
  reader: StepReader,
  id: ObjectId,
  userId: UserId,
): Steps<ObjectInBrane | undefined> {
  const registered = yield* reader.get('object_ids', [id]);
  if (!registered) return undefined;
  const { brane_id: braneId } = registered;
  const doc = yield* reader.get('objects', [braneId, id]);
  const brane = doc && (yield* braneSteps(reader, braneId, userId));
  if (!doc || !brane) return undefined;
  return { object: doc.object, deleted: yield* isDeletedIn(reader, doc.object), brane };
}

/** A brane of whose members only this one is told, if he is one: a brane may have a thousand. */
export function* braneSteps(
  reader: StepReader,
  braneId: BraneId,
  userId: UserId,
): Steps<BraneView | undefined> {
  const head = yield* reader.get('heads', [braneId]);
  const brane = head && (yield* reader.get('branes', [braneId]));
  if (!brane) return undefined;
  const member = yield* reader.get('members', [braneId, userId]);
  return { meta: toMeta(brane, member ? [member] : []), version: brane.version, head };
}

export interface ChildrenPage {
  readonly objects: readonly SceneObject[];
  readonly head: Position;
  /** Pass it as `after` for the next page; undefined on the last. */
  readonly next: { readonly order: string; readonly id: ObjectId } | undefined;
}

/** One page of the direct children in sibling order; marked ones are left out. */
export async function readChildren(
  store: Store,
  braneId: BraneId,
  parentId: ObjectId,
  options: { readonly after?: { readonly order: string; readonly id: ObjectId }; readonly limit: number },
): Promise<ChildrenPage | undefined> {
  const { after, limit } = options;
  return withReadErrors(
    store.read({ label: 'commit.read_children' }, async (tx) => {
      const head = await tx.get('heads', [braneId]);
      if (!head) return undefined;
      const objects: SceneObject[] = [];
      let from = after;
      for (;;) {
        const docs = await tx.range('objects', {
          index: 'by_parent',
          prefix: [braneId, parentId],
          ...(from ? { gt: [from.order, from.id] } : {}),
          limit: limit - objects.length + 1,
        });
        const cut = docs.length > limit - objects.length;
        const page = cut ? docs.slice(0, -1) : docs;
        objects.push(...page.filter((doc) => doc.deleted_at === undefined).map((doc) => doc.object));
        const last = page.at(-1);
        from = last && { order: last.order, id: last.id };
        if (!cut || objects.length >= limit) {
          return { objects, head: { epoch: head.epoch, seq: head.seq }, next: cut ? from : undefined };
        }
      }
    }),
  );
}

/** The mark may stand on any ancestor (SYNC S1); the chain is as short as the depth limit. */
function* isDeletedIn(reader: StepReader, object: SceneObject): Steps<boolean> {
  let at = object;
  for (;;) {
    if (at.deleted_at !== undefined) return true;
    if (at.parent_id === null) return false;
    const parent = yield* reader.get('objects', [at.brane_id, at.parent_id]);
    if (!parent) return true;
    at = parent.object;
  }
}

export function toMeta(brane: BraneDoc, members: readonly MemberDoc[]): BraneMeta {
  const roles: Record<UserId, MemberDoc['role']> = {};
  for (const member of members) roles[member.user_id] = member.role;
  return {
    id: brane.id,
    name: brane.name,
    visibility: brane.visibility,
    status: brane.status,
    members: roles,
    created_at: brane.created_at,
    updated_at: brane.updated_at,
    created_by: brane.created_by,
    ...rareFields(brane),
  };
}

type RareFields = Pick<
  BraneMeta,
  'purge_after' | 'settings' | 'archived_at' | 'forked_from' | 'bans' | 'mutes' | 'kicks' | 'company'
>;

/** What a brane need not have, alike in its record and its meta. */
export function rareFields({
  purge_after,
  settings,
  archived_at,
  forked_from,
  bans,
  mutes,
  kicks,
  company,
}: RareFields): RareFields {
  return {
    ...(purge_after === undefined ? {} : { purge_after }),
    ...(settings && { settings }),
    ...(archived_at === undefined ? {} : { archived_at }),
    ...(forked_from && { forked_from }),
    ...(bans && { bans }),
    ...(mutes && { mutes }),
    ...(kicks && { kicks }),
    ...(company === undefined ? {} : { company }),
  };
}
