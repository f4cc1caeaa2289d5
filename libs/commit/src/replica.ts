import {
  type BraneMeta,
  created,
  type Epoch,
  type ObjectId,
  type Op,
  type OpContext,
  reordered,
  type SceneObject,
  type SceneReader,
  type SpatialKey,
  touch,
  type TouchOp,
} from '@state-server/domain';
import type { HeadDoc, ObjectDoc } from '@state-server/persistence-port';
import { NotLoaded } from './not-loaded';
import { Siblings } from './siblings';
import { objectBytes, SIBLING_BYTES } from './sizes';

interface Held {
  readonly object: SceneObject;
  /** The cell under which the spatial index holds it; undefined when that is not sure. */
  readonly cell: SpatialKey | undefined;
  /** The cell holds as long as this is the replica's `cellsAge`. */
  readonly cellsAge: number;
  readonly bytes: number;
}

/** The brane's own facts, and the version of its record. */
export interface BraneFacts {
  readonly meta: BraneMeta;
  readonly version: number;
}

/** What an own commit made of the brane. */
export interface Advance {
  readonly head: HeadDoc;
  readonly put: Iterable<{ readonly object: SceneObject; readonly cell: SpatialKey }>;
  /** Those of `put` that the brane did not have before. */
  readonly created: ReadonlySet<ObjectId>;
  readonly removed: Iterable<ObjectId>;
  readonly brane: BraneFacts | undefined;
}

/**
 * What this process knows of one brane at `(epoch, seq)`: some of its objects, some complete lists of children, perhaps
 * the brane itself. All of it is a cache of the store's state at that seq, so anything may be forgotten at any time;
 * nothing in it is ever ahead of what is durable. A rule that reads what is not held meets `NotLoaded`.
 */
export class Replica implements SceneReader {
  /** Objects in the brane, from its head. */
  size = 0;
  bytes = 0;
  private readonly held = new Map<ObjectId, Held>();
  private readonly lists = new Map<ObjectId, Siblings>();
  /** Known not to be in the brane; holds for one transaction only. */
  private readonly absent = new Set<ObjectId>();
  private brane: BraneFacts | undefined;
  /** The head listed groups whose cells are still being rewritten (SYNC S2): then no cell may be trusted for longer than a snapshot. */
  private cellsMove = false;
  /** Raised to forget all cells at once. */
  private cellsAge = 0;

  constructor(
    readonly epoch: Epoch,
    public seq: number,
  ) {}

  get meta(): BraneMeta {
    return this.facts.meta;
  }

  get facts(): BraneFacts {
    if (!this.brane) throw new NotLoaded({ kind: 'brane' });
    return this.brane;
  }

  get(id: ObjectId): SceneObject | undefined {
    const held = this.held.get(id);
    if (held) return held.object;
    if (this.absent.has(id)) return undefined;
    throw new NotLoaded({ kind: 'object', id });
  }

  children(id: ObjectId): readonly ObjectId[] {
    const list = this.lists.get(id);
    if (list) return list.ids;
    if (this.absent.has(id) || this.held.get(id)?.object.kind === 'block') return [];
    throw new NotLoaded({ kind: 'children', id });
  }

  /** True when `get` would answer. */
  knows(id: ObjectId): boolean {
    return this.held.has(id) || this.absent.has(id);
  }

  knowsChildren(id: ObjectId): boolean {
    return this.lists.has(id) || this.absent.has(id);
  }

  get knowsBrane(): boolean {
    return this.brane !== undefined;
  }

  cellOf(id: ObjectId): SpatialKey | undefined {
    const held = this.held.get(id);
    return held?.cellsAge === this.cellsAge ? held.cell : undefined;
  }

  // Facts read from the snapshot that stands at `seq`.

  /** Starts a transaction on a head that this replica has been brought up to. */
  standOn(head: HeadDoc): void {
    const moving = (head.rekeying?.length ?? 0) > 0;
    if (moving || this.cellsMove) this.forgetCells();
    this.cellsMove = moving;
    this.seq = head.seq;
    this.size = head.objects;
    this.absent.clear();
  }

  learnBrane(facts: BraneFacts): void {
    this.brane = facts;
  }

  learnObject(doc: ObjectDoc): void {
    this.hold(doc.object, doc.cell);
  }

  learnAbsent(id: ObjectId): void {
    this.absent.add(id);
  }

  /** `docs`: all children in sibling order. A long list is held as ids alone. */
  learnChildren(id: ObjectId, docs: readonly ObjectDoc[], holdObjects: boolean): void {
    const list = new Siblings();
    for (const doc of docs) {
      list.append(doc.id, doc.order);
      if (holdObjects) this.hold(doc.object, doc.cell);
    }
    this.replaceList(id, list);
  }

  // Changes.

  /** After an own commit, with what it wrote. */
  advance(changes: Advance): void {
    for (const { object, cell } of changes.put) {
      this.place(object, changes.created.has(object.id));
      this.hold(object, cell);
    }
    for (const id of changes.removed) this.remove(id);
    if (changes.brane) this.brane = changes.brane;
    this.standOn(changes.head);
  }

  /**
   * For an op that somebody else committed: what is held follows it, and the lists of children stay complete; what is not
   * held is passed over. On any doubt the object is forgotten, and read anew by the next rule that asks for it.
   */
  follow(op: Op, context: OpContext): void {
    switch (op.op) {
      case 'create':
        this.place(op.object, true);
        return this.hold(created(op.object, context), undefined);
      case 'update':
      case 'delete':
      case 'undelete':
        return this.followTouch(op, context);
      case 'transform':
        this.forgetCellsBelow(op.id);
        return this.followTouch(op, context);
      case 'move':
        this.forgetCellsBelow(op.id);
        this.takeFromList(op.id);
        this.putIntoList(op.parent_id, op.id, op.order);
        return this.followTouch(op, context);
      case 'reorder':
        return this.followReorder(op.parent_id, op.orders, context);
      case 'reap':
        for (const id of op.ids) this.remove(id);
        return;
      case 'set_brane':
      case 'set_member':
      case 'set_status':
        this.brane = undefined;
        return;
      default:
        op satisfies never;
    }
  }

  /** Lets go of what was put in longest ago, until at most so many bytes are held. */
  trim(bytes: number): void {
    for (const id of this.held.keys()) {
      if (this.bytes <= bytes) return;
      this.drop(id);
    }
    for (const id of this.lists.keys()) {
      if (this.bytes <= bytes) return;
      this.dropList(id);
    }
  }

  private followTouch(op: TouchOp, context: OpContext): void {
    const object = this.held.get(op.id)?.object;
    if (!object) return;
    const after = touch(object, op, context);
    // Its writer may have moved it in the index, too.
    if (after.ok) this.hold(after.value, undefined);
    else this.drop(op.id);
  }

  private followReorder(
    parentId: ObjectId,
    orders: Readonly<Record<ObjectId, string>>,
    context: OpContext,
  ): void {
    this.lists.get(parentId)?.reorder(orders);
    for (const [id, order] of Object.entries(orders) as [ObjectId, string][]) {
      const object = this.held.get(id)?.object;
      if (object) this.hold(reordered(object, order, context), undefined);
    }
  }

  private hold(object: SceneObject, cell: SpatialKey | undefined): void {
    this.drop(object.id);
    this.absent.delete(object.id);
    const bytes = objectBytes(object);
    this.held.set(object.id, { object, cell, cellsAge: this.cellsAge, bytes });
    this.bytes += bytes;
  }

  private drop(id: ObjectId): void {
    const held = this.held.get(id);
    if (!held) return;
    this.held.delete(id);
    this.bytes -= held.bytes;
  }

  /** Brings the lists of children in line with a new state of the object. */
  private place(object: SceneObject, created: boolean): void {
    const before = this.held.get(object.id)?.object;
    if (before && before.parent_id === object.parent_id && before.order === object.order) return;
    if (!created) this.takeFromList(object.id);
    // A new group has no children: its list is complete before the first is created.
    else if (object.kind === 'group') this.replaceList(object.id, new Siblings());
    if (object.parent_id !== null) this.putIntoList(object.parent_id, object.id, object.order);
  }

  private remove(id: ObjectId): void {
    this.takeFromList(id);
    this.dropList(id);
    this.drop(id);
  }

  private takeFromList(id: ObjectId): void {
    const object = this.held.get(id)?.object;
    if (object) {
      const list = object.parent_id === null ? undefined : this.lists.get(object.parent_id);
      if (list?.remove(id, object.order)) this.bytes -= SIBLING_BYTES;
      return;
    }
    for (const list of this.lists.values()) {
      if (!list.remove(id)) continue;
      this.bytes -= SIBLING_BYTES;
      return;
    }
  }

  private putIntoList(parentId: ObjectId, id: ObjectId, order: string): void {
    const list = this.lists.get(parentId);
    if (!list) return;
    list.insert(id, order);
    this.bytes += SIBLING_BYTES;
  }

  private replaceList(id: ObjectId, list: Siblings): void {
    this.dropList(id);
    this.lists.set(id, list);
    this.bytes += SIBLING_BYTES * (list.ids.length + 1);
  }

  private dropList(id: ObjectId): void {
    const list = this.lists.get(id);
    if (!list) return;
    this.lists.delete(id);
    this.bytes -= SIBLING_BYTES * (list.ids.length + 1);
  }

  /** Another writer has moved this object: if it is not known to be a block, the cells of all below it went with it. */
  private forgetCellsBelow(id: ObjectId): void {
    if (this.held.get(id)?.object.kind !== 'block') this.forgetCells();
  }

  private forgetCells(): void {
    this.cellsAge += 1;
  }
}
