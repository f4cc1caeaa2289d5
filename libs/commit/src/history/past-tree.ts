import {
  type BraneId,
  type Environment,
  type ObjectId,
  type SceneObject,
  valueBytes,
} from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { decodeCborSequence, fail, FROM_SERVER } from '@state-server/protocol';
import { breather } from '../breathe';
import { readStateAt } from '../checkpoint/state-at';

export interface HistoryDeps {
  readonly store: Store;
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
}

/**
 * What was live in a brane at one seq, or in one subtree of it. The log never changes, so whoever reads it again finds the same
 * objects in the same order: a place in that order can be kept.
 */
export class PastTree {
  private constructor(
    /** Parents before their children. */
    readonly order: readonly ObjectId[],
    private readonly objects: ReadonlyMap<ObjectId, SceneObject>,
    private readonly live: ReadonlySet<ObjectId>,
  ) {}

  get(id: ObjectId): SceneObject {
    const object = this.objects.get(id);
    if (!object) throw new Error(`${id} is not in the past of the brane`);
    return object;
  }

  /** Anywhere in the brane, also outside of the subtree. */
  wasLive(id: ObjectId): boolean {
    return this.live.has(id);
  }

  /** Throws `brane.not_found`, `history.too_old`, `history.ahead`, `object.not_found` when the subtree was not there. */
  static async read(
    { store, environment }: HistoryDeps,
    braneId: BraneId,
    seq: number,
    subtree?: ObjectId,
  ): Promise<PastTree> {
    const state = await readStateAt(store, braneId, seq, { environment });
    if (!state) throw fail('brane.not_found', { id: braneId });
    const breathe = breather(environment);
    const objects = new Map<ObjectId, SceneObject>();
    const children = new Map<ObjectId, ObjectId[]>();
    for (const { bytes } of state.chunks) {
      for (const object of decodeCborSequence(bytes, FROM_SERVER) as SceneObject[]) {
        objects.set(object.id, object);
        if (object.parent_id === null) continue;
        const siblings = children.get(object.parent_id);
        if (siblings) siblings.push(object.id);
        else children.set(object.parent_id, [object.id]);
      }
      await breathe();
    }
    const walk = (root: ObjectId): ObjectId[] => {
      const order: ObjectId[] = [];
      const line = [root];
      for (let id = line.pop(); id !== undefined; id = line.pop()) {
        const object = objects.get(id);
        if (!object || object.deleted_at !== undefined) continue;
        order.push(id);
        line.push(...(children.get(id) ?? []));
      }
      return order;
    };
    const all = walk(braneId);
    const live = new Set(all);
    if (subtree === undefined) return new PastTree(all, objects, live);
    if (!live.has(subtree)) throw fail('object.not_found', { id: subtree, seq });
    return new PastTree(walk(subtree), objects, live);
  }
}

/** The trees of operations that are under way here: read once, not for each step. */
export class PastTrees {
  private readonly trees = new Map<string, Promise<PastTree>>();

  constructor(private readonly most = 4) {}

  get(operationId: string, read: () => Promise<PastTree>): Promise<PastTree> {
    const known = this.trees.get(operationId);
    if (known) return known;
    const tree = read();
    this.trees.set(operationId, tree);
    tree.catch(() => this.trees.delete(operationId));
    const [oldest] = this.trees.keys();
    if (this.trees.size > this.most && oldest !== undefined) this.trees.delete(oldest);
    return tree;
  }

  forget(operationId: string): void {
    this.trees.delete(operationId);
  }
}

/** Bytes that an object takes, about. */
export function weigh(object: SceneObject): number {
  return 300 + valueBytes(object.properties);
}
