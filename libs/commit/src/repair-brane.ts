import type { BraneId, ObjectId, Scene, UserId } from '@state-server/domain';
import {
  type BraneDoc,
  type HeadDoc,
  type Key,
  type LogDoc,
  type MemberDoc,
  type ObjectDoc,
  type ObjectIdDoc,
  type SpaceDoc,
  type Store,
  StoreError,
} from '@state-server/persistence-port';
import { type BraneFault, checkBrane } from './check-brane';
import { sceneBefore } from './damaged-reads';
import { decodeEntryOps } from './frame';
import { spaceDoc, Worlds } from './space-index';
import { objectDoc, toBraneDoc } from './write-changes';

export type RepairedDocument =
  | { readonly collection: 'heads'; readonly document: HeadDoc }
  | { readonly collection: 'branes'; readonly document: BraneDoc }
  | { readonly collection: 'members'; readonly document: MemberDoc }
  | { readonly collection: 'objects'; readonly document: ObjectDoc }
  | { readonly collection: 'object_ids'; readonly document: ObjectIdDoc }
  | { readonly collection: 'space'; readonly document: SpaceDoc };

/** One transaction that replaces records whatever they hold now, readable or not. */
export interface Rewrite {
  readonly put: readonly RepairedDocument[];
  readonly remove: readonly {
    readonly collection:
      | 'objects'
      | 'space'
      | 'members'
      | 'checkpoints'
      | 'milestones'
      | 'checkpoint_pages'
      | 'checkpoint_chunks';
    readonly key: Key;
  }[];
}

export interface RepairReport {
  /** What was wrong; all of it that the log could tell is right now. */
  readonly faults: readonly BraneFault[];
  readonly written: number;
  readonly removed: number;
}

/** What the log says of a brane, from its first entry to the head. */
interface Replayed {
  readonly scene: Scene;
  readonly head: HeadDoc;
  /** Of the brane's record: 1 at its creation, one more for each entry that changed it. */
  readonly version: number;
  readonly since: ReadonlyMap<UserId, string>;
  /** Last versions of the objects that are gone: their ids stay taken (SYNC I6). */
  readonly reaped: ReadonlyMap<ObjectId, number>;
}

const LOG_PAGE = 200;
const PAGE = 200;
/** Above what a brane of the largest size has of anything but objects. */
const MANY = 10_000;
const LABEL = { label: 'commit.repair' } as const;

/**
 * Makes the objects, the spatial index, the registry of ids, the members and the settings of a brane anew from its log,
 * where they are damaged, absent or something else. A checkpoint goes: it may have been built from what was wrong. Nothing
 * may write to the store meanwhile. Throws StoreError `corrupt`, and has changed nothing, where the log does not reach from the first entry to the head: then only a backup helps.
 */
export async function repairBrane(
  store: Store,
  braneId: BraneId,
  rewrite: (change: Rewrite) => Promise<void>,
): Promise<RepairReport> {
  const faults: BraneFault[] = [];
  const report = await checkBrane(store, braneId, { onFault: (fault) => faults.push(fault) });
  if (!report?.replayed || report.from > 0)
    throw beyondRepair(braneId, faults[0]?.message ?? 'its log does not reach back to its beginning');
  if (faults.some(({ kind }) => kind === 'log')) throw beyondRepair(braneId, 'its log is damaged');
  if (faults.length === 0) return { faults, written: 0, removed: 0 };
  const replayed = await replayAll(store, braneId);
  let removed = 0;
  const wrong = [...(await checkpointRecords(store, braneId)), ...(await strangers(store, replayed))];
  for (const remove of wrong) {
    await rewrite({ put: [], remove });
    removed += remove.length;
  }
  let written = 0;
  for (const put of documentsOf(replayed)) {
    await rewrite({ put, remove: [] });
    written += put.length;
  }
  return { faults, written, removed };
}

function beyondRepair(braneId: BraneId, why: string): StoreError {
  return new StoreError(
    'corrupt',
    `the brane ${braneId} cannot be repaired from its log: ${why}; restore a backup`,
  );
}

async function replayAll(store: Store, braneId: BraneId): Promise<Replayed> {
  const head = await store.read(LABEL, (tx) => tx.get('heads', [braneId]));
  const since = new Map<UserId, string>();
  const reaped = new Map<ObjectId, number>();
  let scene: Scene | undefined;
  let version = 1;
  for (let after = 0; head && after < head.seq;) {
    const range = { prefix: [braneId], gt: [after], lte: [head.seq], limit: LOG_PAGE };
    const page: LogDoc[] = await store.read(LABEL, (tx) => tx.range('log', range));
    if (page.length === 0) break;
    for (const entry of page) {
      scene ??= sceneBefore(braneId, entry);
      const before = scene.meta;
      replayEntry(scene, entry, since, reaped);
      if (entry.seq > 1 && scene.meta !== before) version += 1;
      after = entry.seq;
    }
  }
  if (!scene || !head) throw beyondRepair(braneId, 'its log is empty');
  return { scene, head, version, since, reaped };
}

function replayEntry(
  scene: Scene,
  entry: LogDoc,
  since: Map<UserId, string>,
  reaped: Map<ObjectId, number>,
): void {
  const context = { seq: entry.seq, at: entry.at, actor: entry.actor };
  for (const op of decodeEntryOps(entry.frame)) {
    if (op.op === 'reap' && op.moved_to === undefined)
      for (const id of op.ids) reaped.set(id, scene.get(id)?.version ?? 0);
    if (op.op === 'create') reaped.delete(op.object.id);
    if (op.op === 'set_member' && op.role === null) since.delete(op.user_id);
    if (op.op === 'set_member' && op.role !== null && !since.has(op.user_id)) since.set(op.user_id, entry.at);
    const result = scene.apply(op, context);
    if (!result.ok)
      throw beyondRepair(scene.meta.id, `entry ${entry.seq} is refused: ${result.refusal.code}`);
  }
}

/** Everything that follows from the log, in transactions of a bounded size. */
function* documentsOf({ scene, head, version, since, reaped }: Replayed): Generator<RepairedDocument[]> {
  const worlds = new Worlds(scene);
  const { meta } = scene;
  let batch: RepairedDocument[] = [{ collection: 'branes', document: toBraneDoc(meta, version) }];
  for (const [userId, role] of Object.entries(meta.members) as [UserId, MemberDoc['role']][]) {
    const document = {
      brane_id: meta.id,
      user_id: userId,
      role,
      since: since.get(userId) ?? meta.created_at,
    };
    batch.push({ collection: 'members', document });
  }
  for (const object of scene.objects()) {
    const cell = worlds.cellOf(object);
    const { brane_id, id } = object;
    batch.push({ collection: 'objects', document: objectDoc(object, cell) });
    batch.push({ collection: 'space', document: spaceDoc(object, cell) });
    batch.push({ collection: 'object_ids', document: { id, brane_id, version: object.version } });
    if (batch.length < PAGE) continue;
    yield batch;
    batch = [];
  }
  for (const [id, last] of reaped) {
    batch.push({ collection: 'object_ids', document: { id, brane_id: meta.id, version: last } });
    if (batch.length < PAGE) continue;
    yield batch;
    batch = [];
  }
  // Last: until then a check finds that something is wrong. All cells are right now, so nothing is left to be re-keyed.
  const { rekeying: _done, ...rest } = head;
  const document: HeadDoc = { ...rest, objects: scene.size, status: meta.status };
  yield [...batch, { collection: 'heads', document }];
}

/** The pointer first: without it nobody looks at the others. */
async function checkpointRecords(store: Store, braneId: BraneId): Promise<Rewrite['remove'][]> {
  const all = { prefix: [braneId], limit: MANY };
  const [pointers, milestones, pages, chunks] = [
    await readable(() => store.read(LABEL, (tx) => tx.range('checkpoints', all))),
    await readable(() => store.read(LABEL, (tx) => tx.range('milestones', all))),
    await readable(() => store.read(LABEL, (tx) => tx.range('checkpoint_pages', all))),
    await readable(() => store.read(LABEL, (tx) => tx.range('checkpoint_chunks', all))),
  ];
  return [
    pointers.map(() => ({ collection: 'checkpoints', key: [braneId] })),
    milestones.map(({ seq }) => ({ collection: 'milestones', key: [braneId, seq] })),
    pages.map(({ build, page }) => ({ collection: 'checkpoint_pages', key: [braneId, build, page] })),
    chunks.map(({ build, number }) => ({ collection: 'checkpoint_chunks', key: [braneId, build, number] })),
  ];
}

/** Objects, members and places that the log does not make. */
async function strangers(store: Store, { scene }: Replayed): Promise<Rewrite['remove'][]> {
  const braneId = scene.meta.id;
  const worlds = new Worlds(scene);
  const found: Rewrite['remove'][] = [];
  for (let after: Key | undefined, more = true; more;) {
    const range = { prefix: [braneId], ...(after ? { gt: after } : {}), limit: PAGE };
    const page = await readable<SpaceDoc>(() => store.read(LABEL, (tx) => tx.range('space', range)));
    const wrong = page.filter(({ id, x, y, z, level }) => {
      const object = scene.get(id);
      const cell = object && worlds.cellOf(object);
      return cell?.[0] !== x || cell[1] !== y || cell[2] !== z || cell[3] !== level;
    });
    found.push(
      wrong.map(({ level, x, y, z, id }) => ({ collection: 'space', key: [braneId, level, x, y, z, id] })),
    );
    const last = page.at(-1);
    after = last && [last.level, last.x, last.y, last.z, last.id];
    more = page.length === PAGE;
  }
  for (let after: string | undefined, more = true; more;) {
    const range = { prefix: [braneId], ...(after === undefined ? {} : { gt: [after] }), limit: PAGE };
    const page = await readable(() => store.read(LABEL, (tx) => tx.range('objects', range)));
    found.push(
      page
        .filter(({ id }) => !scene.get(id))
        .map(({ id }) => ({ collection: 'objects', key: [braneId, id] })),
    );
    after = page.at(-1)?.id;
    more = page.length === PAGE;
  }
  const members = await readable(() =>
    store.read(LABEL, (tx) => tx.range('members', { prefix: [braneId], limit: MANY })),
  );
  found.push(
    members
      .filter(({ user_id }) => scene.meta.members[user_id] === undefined)
      .map(({ user_id }) => ({ collection: 'members', key: [braneId, user_id] })),
  );
  return found.filter((remove) => remove.length > 0);
}

/** A page with a damaged record ends the search for strangers; the damaged one is written anew or taken away by its key. */
async function readable<T>(read: () => Promise<T[]>): Promise<T[]> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof StoreError && error.code === 'corrupt') return [];
    throw error;
  }
}
