import { applyOp } from './apply-op';
import type { BraneMeta, SceneObject } from './entities';
import type { ObjectId } from './ids';
import type { Op, OpContext } from './ops';
import { compareSiblings, siblingIndex } from './order';
import type { Result } from './refusal';
import type { SceneReader } from './scene-reader';
import type { SceneWriter } from './scene-writer';

/** A moment in the life of one working copy. */
export interface Savepoint {
  readonly steps: number;
}

/** How to take back one write; kept without any look at the base, which may not be able to answer. */
type Step =
  | { readonly kind: 'object'; readonly id: ObjectId; readonly before: SceneObject | null | undefined }
  | { readonly kind: 'linked'; readonly parentId: ObjectId; readonly index: number }
  | { readonly kind: 'unlinked'; readonly parentId: ObjectId; readonly index: number; readonly id: ObjectId }
  | { readonly kind: 'meta'; readonly before: BraneMeta | undefined }
  | { readonly kind: 'size'; readonly before: number };

export interface Changes {
  readonly put: ReadonlyMap<ObjectId, SceneObject>;
  readonly removed: ReadonlySet<ObjectId>;
  readonly meta?: BraneMeta;
}

/**
 * Changes on top of a scene that stays as it is: what edits are tried out on. Costs what is touched (for children: the
 * list of that one parent), whatever the size of the brane. The base must not change meanwhile.
 *
 * The base may throw a signal of its own from any read. Nothing is half-written by a `put` or `remove` that it interrupts,
 * and `rollback` reads nothing from the base, so the copy stays usable.
 */
export class WorkingCopy implements SceneWriter {
  /** null: taken away. */
  private readonly overlay = new Map<ObjectId, SceneObject | null>();
  private readonly lists = new Map<ObjectId, ObjectId[]>();
  private readonly steps: Step[] = [];
  private ownMeta: BraneMeta | undefined;
  private grownBy = 0;

  constructor(private readonly base: SceneReader) {}

  get meta(): BraneMeta {
    return this.ownMeta ?? this.base.meta;
  }

  get size(): number {
    return this.base.size + this.grownBy;
  }

  get(id: ObjectId): SceneObject | undefined {
    const own = this.overlay.get(id);
    return own === undefined ? this.base.get(id) : (own ?? undefined);
  }

  children(id: ObjectId): readonly ObjectId[] {
    return this.lists.get(id) ?? this.base.children(id);
  }

  apply(op: Op, context: OpContext): Result<void> {
    return applyOp(this, op, context);
  }

  savepoint(): Savepoint {
    return { steps: this.steps.length };
  }

  /** Takes back what was written since. */
  rollback(savepoint: Savepoint): void {
    while (this.steps.length > savepoint.steps) {
      const step = this.steps.pop();
      if (step) this.takeBack(step);
    }
  }

  /** Everything that is different from the base, as far as it was written here. */
  changes(): Changes {
    const put = new Map<ObjectId, SceneObject>();
    const removed = new Set<ObjectId>();
    for (const [id, object] of this.overlay) {
      if (object) put.set(id, object);
      else removed.add(id);
    }
    return this.ownMeta === undefined ? { put, removed } : { put, removed, meta: this.ownMeta };
  }

  put(object: SceneObject): void {
    const before = this.get(object.id);
    const stays = before?.parent_id === object.parent_id && before.order === object.order;
    if (stays) return this.write(object.id, object);
    // All reads come first: any of them may be interrupted.
    const from = before ? this.placeOf(before) : undefined;
    const to = object.parent_id === null ? undefined : this.listOf(object.parent_id);
    const index = to ? this.indexIn(to, object, from) : 0;
    if (from) this.unlink(from);
    this.write(object.id, object);
    if (object.parent_id !== null) this.link(object.parent_id, index, object.id);
    if (!before) this.grow(1);
  }

  remove(id: ObjectId): void {
    const before = this.get(id);
    if (!before) return;
    const from = this.placeOf(before);
    if (from) this.unlink(from);
    this.write(id, null);
    this.grow(-1);
  }

  setMeta(meta: BraneMeta): void {
    this.steps.push({ kind: 'meta', before: this.ownMeta });
    this.ownMeta = meta;
  }

  private takeBack(step: Step): void {
    switch (step.kind) {
      case 'object':
        if (step.before === undefined) this.overlay.delete(step.id);
        else this.overlay.set(step.id, step.before);
        return;
      case 'linked':
        this.lists.get(step.parentId)?.splice(step.index, 1);
        return;
      case 'unlinked':
        this.lists.get(step.parentId)?.splice(step.index, 0, step.id);
        return;
      case 'meta':
        this.ownMeta = step.before;
        return;
      case 'size':
        this.grownBy = step.before;
    }
  }

  private write(id: ObjectId, object: SceneObject | null): void {
    this.steps.push({ kind: 'object', id, before: this.overlay.get(id) });
    this.overlay.set(id, object);
  }

  private grow(by: number): void {
    this.steps.push({ kind: 'size', before: this.grownBy });
    this.grownBy += by;
  }

  private link(parentId: ObjectId, index: number, id: ObjectId): void {
    this.steps.push({ kind: 'linked', parentId, index });
    this.listOf(parentId).splice(index, 0, id);
  }

  private unlink(place: { parentId: ObjectId; index: number; id: ObjectId }): void {
    this.steps.push({ kind: 'unlinked', ...place });
    this.listOf(place.parentId).splice(place.index, 1);
  }

  private placeOf(object: SceneObject): { parentId: ObjectId; index: number; id: ObjectId } | undefined {
    if (object.parent_id === null) return undefined;
    const list = this.listOf(object.parent_id);
    const index = siblingIndex(list, object, (id) => this.get(id));
    return list[index] === object.id ? { parentId: object.parent_id, index, id: object.id } : undefined;
  }

  /** The index at which the object goes in, once `from` is free. */
  private indexIn(
    list: readonly ObjectId[],
    object: SceneObject,
    from: { parentId: ObjectId; index: number } | undefined,
  ): number {
    // Most come last, and the last one is looked at anyway when something is put into a list.
    const last = list.at(-1);
    const end = from || last === undefined ? undefined : this.get(last);
    if (end && compareSiblings(end, object) < 0) return list.length;
    // Its old entry still stands in the list, at its old place: found under its old key, so the order holds.
    const index = siblingIndex(list, object, (id) => this.get(id));
    return from && from.parentId === object.parent_id && from.index < index ? index - 1 : index;
  }

  /** The parent's list as this copy's own. */
  private listOf(parentId: ObjectId): ObjectId[] {
    let list = this.lists.get(parentId);
    if (!list) {
      list = [...this.base.children(parentId)];
      this.lists.set(parentId, list);
    }
    return list;
  }
}
