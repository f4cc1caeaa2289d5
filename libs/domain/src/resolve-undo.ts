import { type Draft, drafted, type PrototypeRules, type Resolved } from './draft';
import type { SceneObject, Value } from './entities';
import { getPointer, setPointers } from './fields';
import type { ObjectId } from './ids';
import { LIMITS } from './limits';
import { sameTransform } from './matrix';
import type { Inverse, OpContext, Pointer, PointerChange } from './ops';
import { checkRoom } from './placement';
import { covers } from './pointer';
import { ok, refuse, type Refusal, type Result } from './refusal';
import {
  resolveDelete,
  resolveMove,
  resolveTransform,
  resolveUndelete,
  resolveUpdate,
  target,
} from './resolve-op';
import { liveSubtree } from './tree';
import { sameValue } from './values';
import type { WorkingCopy } from './working-copy';

/** The log entry that is taken back. */
export interface UndoneEntry {
  readonly seq: number;
  /** What it created: an instance has one inverse for all that it brought. */
  readonly created?: readonly ObjectId[];
}

/**
 * Turns the inverses of an entry into the ops that take it back, where the state is still what that entry left (SYNC U1),
 * and applies them to the copy. Backwards, so that each inverse meets what its own op left. The result's inverses are the
 * redo. Refused with `undo.superseded` when nothing is left to do, or the tree has changed too much; then the copy is as
 * it was. Pointers with a later value are left alone and listed in `skipped`.
 */
export function resolveUndo(
  copy: WorkingCopy,
  inverses: readonly Inverse[],
  context: OpContext,
  entry: UndoneEntry,
  prototypes?: PrototypeRules,
): Result<Resolved> {
  const { status } = copy.meta;
  if (status !== 'live') return refuse('brane.frozen', `the brane is ${status}`, { status });
  const brought = new Set<ObjectId>(entry.created);
  for (const { undo, id } of inverses) if (undo === 'create') brought.add(id);
  return drafted(copy, context, prototypes, (draft) => {
    for (const inverse of inverses.toReversed()) {
      const result = takeBack(draft, inverse, brought, entry);
      if (!result.ok) return superseded(result.refusal);
    }
    if (draft.ops.length > 0) return ok(undefined);
    return refuse('undo.superseded', 'everything was changed since', { skipped: draft.skipped });
  });
}

function superseded(cause: Refusal): Result<never> {
  if (cause.code === 'undo.superseded') return { ok: false, refusal: cause };
  return refuse('undo.superseded', cause.message, { ...cause.details, cause: cause.code });
}

function takeBack(
  draft: Draft,
  inverse: Inverse,
  brought: ReadonlySet<ObjectId>,
  entry: UndoneEntry,
): Result<void> {
  switch (inverse.undo) {
    case 'create':
      return takeBackCreate(draft, inverse.id, brought);
    case 'update':
      return takeBackUpdate(draft, inverse.id, inverse.pointers);
    case 'transform':
      return takeBackTransform(draft, inverse);
    case 'move':
      return takeBackMove(draft, inverse);
    case 'delete':
      return liftMark(draft, inverse.id);
    case 'undelete':
      return markAgain(draft, inverse.id, entry);
  }
}

function takeBackCreate(draft: Draft, id: ObjectId, brought: ReadonlySet<ObjectId>): Result<void> {
  const found = target(draft, id);
  if (!found.ok) return found;
  for (const object of liveSubtree(draft.copy, found.value)) {
    if (!brought.has(object.id)) {
      return refuse('undo.superseded', `${object.id} was put there later`, { id: object.id });
    }
    if (object.co_edited) {
      return refuse('undo.superseded', `${object.id} was edited by others`, { id: object.id });
    }
  }
  return resolveDelete(draft, found.value);
}

function takeBackUpdate(draft: Draft, id: ObjectId, changes: readonly PointerChange[]): Result<void> {
  const found = target(draft, id);
  if (!found.ok) {
    for (const { pointer } of changes) draft.skipped.push({ id, pointer });
    return ok(undefined);
  }
  let next = found.value;
  const taken = new Set<Pointer>();
  const done: Pointer[] = [];
  for (const { pointer, before, after } of changes) {
    const isMadeOnTheWay = done.some((inner) => inner !== pointer && covers(pointer, inner));
    done.push(pointer);
    const written = sameValue(getPointer(next, pointer), after) ? write(next, pointer, before) : undefined;
    if (written?.ok) {
      next = written.value;
      take(taken, pointer);
    } else if (!isMadeOnTheWay) draft.skipped.push({ id, pointer });
  }
  if (taken.size === 0) return ok(undefined);
  const set: Record<Pointer, Value> = {};
  const unset: Pointer[] = [];
  for (const pointer of taken) {
    const value = getPointer(next, pointer);
    if (value === undefined) unset.push(pointer);
    else set[pointer] = value;
  }
  return resolveUpdate(draft, found.value, set, unset);
}

function write(object: SceneObject, pointer: Pointer, value: Value | undefined): Result<SceneObject> {
  return value === undefined
    ? setPointers(object, {}, [pointer])
    : setPointers(object, { [pointer]: value }, []);
}

/** Adds a pointer; a map that goes takes along what was in it. */
function take(taken: Set<Pointer>, pointer: Pointer): void {
  for (const inner of taken) if (covers(pointer, inner)) taken.delete(inner);
  taken.add(pointer);
}

function takeBackTransform(
  draft: Draft,
  inverse: Extract<Inverse, { readonly undo: 'transform' }>,
): Result<void> {
  const found = target(draft, inverse.id);
  if (found.ok && sameTransform(found.value.transform, inverse.after)) {
    return resolveTransform(draft, found.value, inverse.before);
  }
  draft.skipped.push({ id: inverse.id, pointer: '/transform' });
  return ok(undefined);
}

function takeBackMove(draft: Draft, inverse: Extract<Inverse, { readonly undo: 'move' }>): Result<void> {
  const found = target(draft, inverse.id);
  if (!found.ok) return found;
  if (found.value.parent_id !== inverse.after.parent_id) {
    return refuse('undo.superseded', `${inverse.id} was moved since`, { id: inverse.id });
  }
  return resolveMove(draft, found.value, inverse.before.parent_id, inverse.before.order);
}

function liftMark(draft: Draft, id: ObjectId): Result<void> {
  const object = draft.copy.get(id);
  if (object?.deleted_at === undefined) {
    return refuse('undo.superseded', `${id} is not deleted any more, or gone for good`, { id });
  }
  if (object.parent_id !== null) {
    const room = checkRoom(draft.copy, object.parent_id);
    if (!room.ok) return room;
  }
  return resolveUndelete(draft, object);
}

/** What nobody but the actor has ever touched may be newer than the entry: no other's work is in it. */
function markAgain(draft: Draft, id: ObjectId, entry: UndoneEntry): Result<void> {
  const found = target(draft, id);
  if (!found.ok) return found;
  const { actor } = draft.context;
  let count = 0;
  for (const object of liveSubtree(draft.copy, found.value)) {
    count += 1;
    if (count > LIMITS.walked_objects_per_op) {
      return refuse('undo.superseded', `there is too much below ${id} to see whether it was changed`, { id });
    }
    const isOwn = object.created_by === actor && object.co_edited !== true;
    // What this very undo has touched on its way shows the seq that it had before.
    const seq = draft.seqBefore.get(object.id) ?? object.seq;
    if (seq > entry.seq && !isOwn) {
      return refuse('undo.superseded', `${object.id} was changed since`, { id: object.id });
    }
  }
  return resolveDelete(draft, found.value);
}
