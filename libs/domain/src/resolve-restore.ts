import { addOp, checkFields, checkWorld, type Draft, drafted, type Resolved } from './draft';
import type { SceneObject, Value } from './entities';
import { getPointer, SETTABLE_FIELDS } from './fields';
import type { ObjectId } from './ids';
import { LIMITS } from './limits';
import { sameTransform } from './matrix';
import type { OpContext, Pointer } from './ops';
import { checkParent } from './placement';
import { formatPointer } from './pointer';
import { ok, refuse, type Result } from './refusal';
import { resolveDelete, resolveMove, resolveTransform, resolveUndelete, resolveUpdate } from './resolve-op';
import { ancestors, isLive } from './tree';
import { isValueMap, sameValue } from './values';
import type { WorkingCopy } from './working-copy';

/** How an object is to be; null: not there. */
export interface RestoreTarget {
  readonly id: ObjectId;
  readonly object: SceneObject | null;
}

export interface RestoreEnvironment {
  /** The last version of an object that the brane has had and has no more, 0 for an id that was never used (SYNC I6). */
  lastVersion(id: ObjectId): number;
}

/**
 * Brings objects to what they are to be, whatever they are now: made, unmarked, moved, set back, or marked as deleted. What is so
 * already is left alone, so a target that somebody changes meanwhile loses to whoever comes last, pointer by pointer. Parents
 * stand before their children, what is to go behind what is to stay. Refused with `edit.empty` when there is nothing to do.
 */
export function resolveRestore(
  copy: WorkingCopy,
  targets: readonly RestoreTarget[],
  context: OpContext,
  environment: RestoreEnvironment,
): Result<Resolved> {
  const { status } = copy.meta;
  if (status !== 'live') return refuse('brane.frozen', `the brane is ${status}`, { status });
  const stays = new Set<ObjectId>();
  for (const { id, object } of targets) if (object) stays.add(id);
  // What it was is what was allowed then, under the prototypes of that time: they are brought back with it.
  return drafted(copy, context, undefined, (draft: Draft) => {
    const lifted: ObjectId[] = [];
    for (const { id, object } of targets) {
      const result = object ? bring(draft, object, environment, lifted) : remove(draft, id);
      if (!result.ok) return about(id, result);
    }
    // Marks that only stood in the way.
    for (const id of lifted.toReversed()) {
      const result = stays.has(id) ? ok(undefined) : remove(draft, id);
      if (!result.ok) return about(id, result);
    }
    return draft.ops.length > 0 ? ok(undefined) : refuse('edit.empty', 'everything is as it is to be');
  });
}

function about(id: ObjectId, { refusal }: Extract<Result<void>, { readonly ok: false }>): Result<never> {
  return refuse(refusal.code, refusal.message, { ...refusal.details, restoring: id });
}

function remove(draft: Draft, id: ObjectId): Result<void> {
  const object = draft.copy.get(id);
  return object && isLive(draft.copy, object) ? resolveDelete(draft, object) : ok(undefined);
}

function bring(
  draft: Draft,
  wanted: SceneObject,
  environment: RestoreEnvironment,
  lifted: ObjectId[],
): Result<void> {
  const before = draft.copy.get(wanted.id);
  if (!before) return make(draft, wanted, environment);
  // A lock that was not there then is taken away first: under it nothing else can be changed.
  const steps = before.locked ? [lift, setBack, place, turn] : [lift, place, turn, setBack];
  for (const step of steps) {
    const object = draft.copy.get(wanted.id);
    const result = object ? step(draft, object, wanted, lifted) : ok(undefined);
    if (!result.ok) return result;
  }
  return ok(undefined);
}

/** There again: the same id goes on with its versions. Nobody but its creator has touched it since. */
function make(draft: Draft, wanted: SceneObject, environment: RestoreEnvironment): Result<void> {
  const { copy, context } = draft;
  const { deleted_at: _mark, co_edited: _others, ...live } = wanted;
  if (live.parent_id === null) return refuse('object.is_root', 'a brane has one root', { id: live.id });
  if (copy.size >= LIMITS.objects_per_brane) {
    return refuse('brane.too_many_objects', `a brane has at most ${LIMITS.objects_per_brane} objects`);
  }
  const parent = checkParent(copy, live.parent_id);
  if (!parent.ok) return parent;
  const object: SceneObject = {
    ...live,
    version: environment.lastVersion(live.id) + 1,
    seq: context.seq,
    updated_at: context.at,
    updated_by: context.actor,
  };
  const checked = checkFields(object);
  if (!checked.ok) return checked;
  const added = addOp(draft, { op: 'create', object }, { undo: 'create', id: object.id });
  return added.ok ? checkWorld(draft, object.id) : added;
}

/** Lifts its own mark, and those above it: below them nothing can be moved. */
function lift(draft: Draft, object: SceneObject, _wanted: SceneObject, lifted: ObjectId[]): Result<void> {
  const marked = [object, ...ancestors(draft.copy, object)].filter(
    ({ deleted_at }) => deleted_at !== undefined,
  );
  for (const { id } of marked.toReversed()) {
    const now = draft.copy.get(id);
    const result = now ? resolveUndelete(draft, now) : ok(undefined);
    if (!result.ok) return result;
    if (id !== object.id) lifted.push(id);
  }
  return ok(undefined);
}

function place(draft: Draft, object: SceneObject, wanted: SceneObject): Result<void> {
  const { parent_id: parentId, order } = wanted;
  if (parentId === null || (object.parent_id === parentId && object.order === order)) return ok(undefined);
  return resolveMove(draft, object, parentId, order);
}

function turn(draft: Draft, object: SceneObject, wanted: SceneObject): Result<void> {
  if (object.parent_id === null || sameTransform(object.transform, wanted.transform)) return ok(undefined);
  return resolveTransform(draft, object, wanted.transform);
}

function setBack(draft: Draft, object: SceneObject, wanted: SceneObject): Result<void> {
  const { set, unset } = fieldsToSet(object, wanted);
  if (Object.keys(set).length === 0 && unset.length === 0) return ok(undefined);
  return resolveUpdate(draft, object, set, unset);
}

/** Pointers by which one object becomes the other, as far as the table of settable fields goes: entry by entry in maps. */
function fieldsToSet(
  object: SceneObject,
  wanted: SceneObject,
): { readonly set: Readonly<Record<Pointer, Value>>; readonly unset: readonly Pointer[] } {
  const set: Record<Pointer, Value> = {};
  const unset: Pointer[] = [];
  const compare = (pointer: Pointer): void => {
    const value = getPointer(wanted, pointer);
    if (sameValue(getPointer(object, pointer), value)) return;
    if (value === undefined) unset.push(pointer);
    else set[pointer] = value;
  };
  for (const [name, { kinds, reach }] of Object.entries(SETTABLE_FIELDS)) {
    if (!(kinds as readonly string[]).includes(object.kind)) continue;
    const pointer = formatPointer([name]);
    if (reach === 'itself') compare(pointer);
    else for (const key of keysOf(object, wanted, pointer)) compare(formatPointer([name, key]));
  }
  return { set, unset };
}

function keysOf(object: SceneObject, wanted: SceneObject, pointer: Pointer): ReadonlySet<string> {
  const keys = [object, wanted].flatMap((one) => {
    const map = getPointer(one, pointer);
    return isValueMap(map) ? Object.keys(map) : [];
  });
  return new Set(keys);
}

/** Whether a restore would leave the object as it is, as long as nothing above it is marked. */
export function isAsWanted(object: SceneObject, wanted: SceneObject): boolean {
  if (object.deleted_at !== undefined) return false;
  if (object.parent_id !== null) {
    if (object.parent_id !== wanted.parent_id || object.order !== wanted.order) return false;
    if (!sameTransform(object.transform, wanted.transform)) return false;
  }
  const { set, unset } = fieldsToSet(object, wanted);
  return Object.keys(set).length === 0 && unset.length === 0;
}
