import type { BraneId, ObjectId, SceneReader } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { ObjectDoc, ReadTransaction } from '@state-server/persistence-port';
import { NotLoaded, ReplicaDoubt, type Want } from './not-loaded';
import type { StoredPrototypes } from './prototypes/stored-prototypes';
import { readMetaIn } from './read';
import type { Replica } from './replica';

/** Documents in one range read. */
const PAGE = 1_000;
/** A list of children up to here is held with its objects; of a longer one only the ids. */
const OBJECTS_HELD_WITH_LIST = 256;
/** Objects loaded with the one that a walk needs, because it needs them soon. */
const READ_AHEAD = 255;

/** Fills a replica from the snapshot of a transaction. */
export class Loader {
  constructor(
    private readonly tx: ReadTransaction,
    private readonly braneId: BraneId,
    private readonly replica: Replica,
    readonly prototypes: StoredPrototypes,
  ) {}

  /** Loads these objects and all their ancestors: no rule looks at an object without asking whether it hangs in the tree. */
  async objects(ids: Iterable<ObjectId>): Promise<void> {
    let missing = [...new Set(ids)].filter((id) => !this.replica.knows(id));
    while (missing.length > 0) {
      const docs = await this.tx.getMany(
        'objects',
        missing.map((id) => [this.braneId, id]),
      );
      const parents = new Set<ObjectId>();
      missing.forEach((id, i) => {
        const doc = docs[i];
        if (!doc) return this.replica.learnAbsent(id);
        this.replica.learnObject(doc);
        if (doc.parent_id !== null) parents.add(doc.parent_id);
      });
      missing = [...parents].filter((id) => !this.replica.knows(id));
    }
  }

  async children(id: ObjectId): Promise<void> {
    if (this.replica.knowsChildren(id)) return;
    const docs: ObjectDoc[] = [];
    for (;;) {
      const last = docs.at(-1);
      const page = await this.tx.range('objects', {
        index: 'by_parent',
        prefix: [this.braneId, id],
        ...(last ? { gt: [last.order, last.id] } : {}),
        limit: PAGE,
      });
      docs.push(...page);
      if (page.length < PAGE) break;
    }
    this.replica.learnChildren(id, docs, docs.length <= OBJECTS_HELD_WITH_LIST);
  }

  /**
   * Loads the first `max` objects of a subtree and their lists of children, in the order in which a rule walks it, so that
   * it does not break off at each. `depth`: parents first, siblings in order; `breadth`: level by level. `view` is what the
   * rule sees: the replica, or a working copy over it.
   */
  async subtree(view: SceneReader, id: ObjectId, max: number, order: 'depth' | 'breadth'): Promise<void> {
    const line: ObjectId[] = [id];
    let at = 0;
    for (let count = 0; count < max; count += 1) {
      const next = order === 'depth' ? line.pop() : line[at++];
      if (next === undefined) return;
      if (!this.replica.knows(next)) {
        const ahead = order === 'depth' ? line.slice(-READ_AHEAD) : line.slice(at, at + READ_AHEAD);
        await this.objects([next, ...ahead]);
      }
      if (view.get(next)?.kind !== 'group') continue;
      await this.children(next);
      const children = view.children(next);
      if (order === 'depth') pushReversed(line, children);
      else for (const child of children) line.push(child);
    }
  }

  async brane(): Promise<void> {
    if (this.replica.knowsBrane) return;
    const facts = await readMetaIn(this.tx, this.braneId);
    if (!facts) throw fail('internal', { brane_id: this.braneId }, 'The brane has a head but no record.');
    this.replica.learnBrane(facts);
  }

  /**
   * For these objects the cell under which the index holds them, read anew where the replica is not sure. Throws
   * ReplicaDoubt when what is read is not what the replica holds. New objects have no cell yet.
   */
  async cells(ids: readonly ObjectId[]): Promise<void> {
    const unsure = ids.filter((id) => this.replica.cellOf(id) === undefined);
    if (unsure.length === 0) return;
    const docs = await this.tx.getMany(
      'objects',
      unsure.map((id) => [this.braneId, id]),
    );
    unsure.forEach((id, i) => {
      const held = this.replica.knows(id) ? this.replica.get(id) : undefined;
      const doc = docs[i];
      if (held && (doc?.object.version !== held.version || doc.object.seq !== held.seq)) {
        throw new ReplicaDoubt(this.braneId, id);
      }
      if (doc) this.replica.learnObject(doc);
    });
  }

  async want(want: Want): Promise<void> {
    switch (want.kind) {
      case 'object':
        return this.objects([want.id]);
      case 'children':
        return this.children(want.id);
      case 'brane':
        return this.brane();
      case 'prototype':
      case 'prototype_version':
      case 'prototype_tree':
        return this.prototypes.load(want);
      default:
        return want satisfies never;
    }
  }

  /** Runs a pure rule as often as it takes until all that it reads is there. `undo` takes back what a broken-off run did. */
  async run<T>(rule: () => T, undo: () => void = () => undefined): Promise<T> {
    for (;;) {
      try {
        return rule();
      } catch (error) {
        undo();
        if (!(error instanceof NotLoaded)) throw error;
        await this.want(error.want);
      }
    }
  }
}

function pushReversed(stack: ObjectId[], ids: readonly ObjectId[]): void {
  for (let i = ids.length - 1; i >= 0; i -= 1) {
    const id = ids[i];
    if (id !== undefined) stack.push(id);
  }
}
