import { seededIds, seededRandom } from '@state-server/testing';
import {
  asBraneId,
  asObjectId,
  asUserId,
  type BraneMeta,
  type ClientOp,
  emptyScene,
  newMeta,
  type NewObject,
  newRoot,
  type ObjectId,
  type OpContext,
  type RefusalCode,
  type Resolved,
  resolveEdit,
  resolveUndo,
  type Result,
  type Scene,
  type SceneObject,
  type SceneReader,
  type UserId,
  WorkingCopy,
} from './index';

/** An entry of the test's log. */
export interface Entry extends Resolved {
  readonly seq: number;
}

export const TEST_START = Date.UTC(2026, 0, 1);

/** A brane with its root, and the write path in its simplest form: resolve on a copy, then apply to the scene. */
export class TestBrane {
  readonly owner: UserId;
  readonly peer: UserId;
  readonly root: ObjectId;
  readonly scene: Scene;
  seq = 0;
  private readonly ids = seededIds(seededRandom(1));

  constructor() {
    this.owner = asUserId(this.ids.uuid());
    this.peer = asUserId(this.ids.uuid());
    const id = asBraneId(this.ids.uuid());
    const at = new Date(TEST_START).toISOString();
    const meta = newMeta({ id, name: 'a brane', visibility: 'private', owner: this.owner, at });
    this.root = id;
    this.scene = emptyScene(meta);
    const context = this.nextContext(this.owner);
    unwrap(this.scene.apply({ op: 'create', object: newRoot(meta, context) }, context));
  }

  readonly newId = (): ObjectId => asObjectId(this.ids.uuid());

  nextContext(actor: UserId = this.owner): OpContext {
    this.seq += 1;
    return { seq: this.seq, at: new Date(TEST_START + this.seq * 1_000).toISOString(), actor };
  }

  /** Tries without committing; a refusal must leave no trace. */
  try(ops: readonly ClientOp[], actor: UserId = this.owner): Result<Resolved> {
    const copy = new WorkingCopy(this.scene);
    const context = { ...this.nextContext(actor) };
    const result = resolveEdit(copy, ops, context, { newId: this.newId });
    if (!result.ok) expect(copy.changes()).toEqual({ put: new Map(), removed: new Set() });
    return result;
  }

  edit(ops: readonly ClientOp[], actor: UserId = this.owner): Entry {
    return this.commit(unwrap(this.try(ops, actor)), actor);
  }

  /** The code with which an edit is refused. */
  refusal(...ops: readonly ClientOp[]): RefusalCode | 'accepted' {
    const result = this.try(ops);
    return result.ok ? 'accepted' : result.refusal.code;
  }

  tryUndo(entry: Entry, actor: UserId = this.owner): Result<Resolved> {
    const copy = new WorkingCopy(this.scene);
    const result = resolveUndo(copy, entry.inverses, this.nextContext(actor), { seq: entry.seq });
    if (!result.ok) expect(copy.changes()).toEqual({ put: new Map(), removed: new Set() });
    return result;
  }

  undo(entry: Entry, actor: UserId = this.owner): Entry {
    return this.commit(unwrap(this.tryUndo(entry, actor)), actor);
  }

  group(parent: ObjectId = this.root, rest: Partial<NewObject> = {}, actor?: UserId): ObjectId {
    return this.create({ ...rest, kind: 'group', parent_id: parent }, actor);
  }

  block(parent: ObjectId = this.root, rest: Partial<NewObject> = {}, actor?: UserId): ObjectId {
    return this.create({ ...rest, kind: 'block', parent_id: parent }, actor);
  }

  get(id: ObjectId): SceneObject {
    const object = this.scene.get(id);
    if (!object) throw new Error(`no object ${id}`);
    return object;
  }

  private create(object: NewObject, actor?: UserId): ObjectId {
    const id = object.id ?? this.newId();
    this.edit([{ op: 'create', object: { ...object, id } }], actor);
    return id;
  }

  private commit(resolved: Resolved, actor: UserId): Entry {
    // The same seq as in the copy: nothing has been drawn since.
    const at = new Date(TEST_START + this.seq * 1_000).toISOString();
    unwrap(this.scene.applyAll(resolved.ops, { seq: this.seq, at, actor }));
    return { ...resolved, seq: this.seq };
  }
}

export function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.message}`);
  return result.value;
}

export function codeOf(result: Result<unknown>): RefusalCode | undefined {
  return result.ok ? undefined : result.refusal.code;
}

export interface Dump {
  readonly meta: BraneMeta;
  readonly size: number;
  readonly objects: ReadonlyMap<ObjectId, SceneObject>;
  readonly children: ReadonlyMap<ObjectId, readonly ObjectId[]>;
}

/** Everything that can be read of a scene about these objects. */
export function dump(scene: SceneReader, ids: Iterable<ObjectId>): Dump {
  const objects = new Map<ObjectId, SceneObject>();
  const children = new Map<ObjectId, readonly ObjectId[]>();
  for (const id of [...ids].sort()) {
    const object = scene.get(id);
    if (object) objects.set(id, object);
    children.set(id, [...scene.children(id)]);
  }
  return { meta: scene.meta, size: scene.size, objects, children };
}

/** What a person would see of the brane: live objects in their order, without the marks of who touched them when. */
export function picture(scene: SceneReader, id: ObjectId): unknown {
  const object = scene.get(id);
  if (object === undefined || object.deleted_at !== undefined) return undefined;
  const {
    version: _v,
    seq: _s,
    updated_at: _at,
    updated_by: _by,
    co_edited: _co,
    order: _o,
    ...seen
  } = object;
  const children = scene.children(id).map((child) => picture(scene, child));
  return { ...seen, children: children.filter((child) => child !== undefined) };
}
