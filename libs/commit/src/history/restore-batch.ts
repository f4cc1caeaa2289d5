import {
  asObjectId,
  type BraneId,
  isAsWanted,
  type ObjectId,
  type RestoreTarget,
  type SceneObject,
} from '@state-server/domain';
import type { ObjectDoc, Store } from '@state-server/persistence-port';
import { withReadErrors } from '../errors';
import { derivedUuid } from '../fingerprint';
import { type PastTree, weigh } from './past-tree';

/** What one edit of a restore or fork may hold; and how many objects are looked at for it. */
export const RESTORE_LIMITS = { targets: 200, bytes: 96 * 1024, looked: 5_000 } as const;

export interface BatchLimits {
  readonly targets: number;
  readonly bytes: number;
  readonly looked: number;
}

export interface RestorePlan {
  readonly brane_id: BraneId;
  readonly tree: PastTree;
  /** RFC 3339: what was made later than the restore was asked for stays. */
  readonly before: string;
  /** Names the restore: objects that live in another brane by now get ids that follow from it (SYNC U3). */
  readonly seed: string;
}

/** First all that is to be there, parents first; then what hangs between it and is to go. */
export interface RestoreCursor {
  readonly phase: 'objects' | 'others';
  /** In the order of the tree. */
  readonly index: number;
  /** The child after which it goes on. */
  readonly after?: { readonly order: string; readonly id: ObjectId };
}

export const RESTORE_START: RestoreCursor = { phase: 'objects', index: 0 };

export interface RestoreBatch {
  readonly targets: readonly RestoreTarget[];
  readonly bytes: number;
  /** Undefined when there is nothing behind it. */
  readonly next: RestoreCursor | undefined;
}

const WINDOW = 100;

/** What has to be changed from there on, as much as one edit may hold. Reads the store as it is, in short transactions. */
export async function collectBatch(
  store: Store,
  plan: RestorePlan,
  from: RestoreCursor,
  limits: BatchLimits = RESTORE_LIMITS,
): Promise<RestoreBatch> {
  const batch = new Batch(store, plan, limits);
  let cursor: RestoreCursor | undefined = from;
  while (cursor && batch.hasRoom) {
    cursor = cursor.phase === 'objects' ? await batch.objects(cursor) : await batch.others(cursor);
  }
  return { targets: batch.targets, bytes: batch.bytes, next: cursor };
}

class Batch {
  readonly targets: RestoreTarget[] = [];
  bytes = 0;
  private looked = 0;

  constructor(
    private readonly store: Store,
    private readonly plan: RestorePlan,
    private readonly limits: BatchLimits,
  ) {}

  get hasRoom(): boolean {
    const { targets, bytes, looked } = this.limits;
    return this.targets.length < targets && this.bytes < bytes && this.looked < looked;
  }

  /** The next few of the tree, as far as there is room. */
  async objects({ index }: RestoreCursor): Promise<RestoreCursor> {
    const { tree } = this.plan;
    const ids = tree.order.slice(index, index + WINDOW);
    const found = await this.find(ids);
    for (const [place, id] of ids.entries()) {
      if (!this.hasRoom) return { phase: 'objects', index: index + place };
      this.looked += 1;
      const wanted = found.renamed(tree.get(id));
      const now = found.now(wanted.id);
      if (now && isAsWanted(now.object, wanted)) continue;
      this.targets.push({ id: wanted.id, object: wanted });
      this.bytes += weigh(wanted);
    }
    const end = index + ids.length;
    return end < tree.order.length ? { phase: 'objects', index: end } : { phase: 'others', index: 0 };
  }

  /** Children of one group that were not there then: marked, unless they are younger than the restore. */
  async others({ index, after }: RestoreCursor): Promise<RestoreCursor | undefined> {
    const { tree, brane_id: braneId, before } = this.plan;
    const id = tree.order[index];
    if (id === undefined) return undefined;
    const behind: RestoreCursor = { phase: 'others', index: index + 1 };
    this.looked += 1;
    if (tree.get(id).kind === 'block') return behind;
    const page = await withReadErrors(
      this.store.read({ label: 'restore.children' }, (tx) =>
        tx.range('objects', {
          index: 'by_parent',
          prefix: [braneId, id],
          ...(after ? { gt: [after.order, after.id] } : {}),
          limit: WINDOW,
        }),
      ),
    );
    this.looked += page.length;
    for (const child of page) {
      const isOurs = tree.wasLive(child.id) || this.isCopy(child.object);
      if (isOurs || child.deleted_at !== undefined || child.object.created_at > before) continue;
      this.targets.push({ id: child.id, object: null });
      this.bytes += 100;
    }
    const last = page.at(-1);
    if (!last || page.length < WINDOW) return behind;
    return { phase: 'others', index, after: { order: last.order, id: last.id } };
  }

  /** Those that stand for what lives elsewhere by now. */
  private copies: ReadonlySet<ObjectId> | undefined;
  private isCopy(object: SceneObject): boolean {
    this.copies ??= new Set(this.plan.tree.order.map((id) => copyId(this.plan.seed, id)));
    return this.copies.has(object.id);
  }

  private async find(ids: readonly ObjectId[]): Promise<Found> {
    const { tree, brane_id: braneId, seed } = this.plan;
    const all = new Set(ids);
    for (const id of ids) {
      const { parent_id: parentId } = tree.get(id);
      if (parentId !== null) all.add(parentId);
    }
    return withReadErrors(
      this.store.read({ label: 'restore.objects' }, async (tx) => {
        const list = [...all];
        const here = await tx.getMany(
          'objects',
          list.map((id) => [braneId, id]),
        );
        const missing = list.filter((_id, place) => !here[place]);
        const registered = await tx.getMany(
          'object_ids',
          missing.map((id) => [id]),
        );
        const away = missing.filter((_id, place) => {
          const owner = registered[place]?.brane_id;
          return owner !== undefined && owner !== braneId;
        });
        const copies = await tx.getMany(
          'objects',
          away.map((id) => [braneId, copyId(seed, id)]),
        );
        return new Found([...here, ...copies], new Map(away.map((id) => [id, copyId(seed, id)])));
      }),
    );
  }
}

/** What is stored now of what was, and under which ids. */
class Found {
  private readonly docs = new Map<ObjectId, ObjectDoc>();

  constructor(
    docs: readonly (ObjectDoc | undefined)[],
    private readonly names: ReadonlyMap<ObjectId, ObjectId>,
  ) {
    for (const doc of docs) if (doc) this.docs.set(doc.id, doc);
  }

  now(id: ObjectId): ObjectDoc | undefined {
    return this.docs.get(id);
  }

  renamed(object: SceneObject): SceneObject {
    const { id, parent_id: parentId } = object;
    const parent = parentId === null ? null : (this.names.get(parentId) ?? parentId);
    const own = this.names.get(id) ?? id;
    return own === id && parent === parentId ? object : { ...object, id: own, parent_id: parent };
  }
}

function copyId(seed: string, id: ObjectId): ObjectId {
  return asObjectId(derivedUuid(['restored', seed, id]));
}
