import { moveRefusal, notFound, rootRefusal } from './apply-op';
import { addOp, checkFields, checkWorld, type Draft, refused } from './draft';
import type { SceneObject, Transform, Value } from './entities';
import { firstMissing, getPointer, setPointers, settablePointer } from './fields';
import { isUuid, type ObjectId } from './ids';
import { LIMITS } from './limits';
import { lockAbove, lockRefusal, placeRefusal } from './locks';
import { IDENTITY, toTransform } from './matrix';
import type { NewObject, Op, Pointer, PointerChange } from './ops';
import { checkDepth, checkParent, orderAmong } from './placement';
import { ok, type Refusal, refuse, type Result } from './refusal';
import { liveObject } from './tree';

/** The live object that an op is about, in the version that the client expects, if it says so. */
export function target(draft: Draft, id: ObjectId, ifVersion?: number): Result<SceneObject> {
  const object = liveObject(draft.copy, id);
  if (!object) return refused(notFound(id));
  if (ifVersion === undefined || ifVersion === object.version) return ok(object);
  return refuse('object.version_mismatch', `${id} is at version ${object.version}, not ${ifVersion}`, {
    id,
    expected: ifVersion,
    actual: object.version,
  });
}

/** Resolves a create: id, order key and all defaults are in the op. */
export function resolveCreate(draft: Draft, object: NewObject, id: ObjectId): Result<void> {
  if (!isUuid(id)) return refuse('op.invalid', 'an id is a lower-case UUID v4', { id });
  if (draft.copy.get(id)) return refuse('id.taken', `the id ${id} is taken`, { id });
  const parent = checkParent(draft.copy, object.parent_id);
  if (!parent.ok) return parent;
  const locked = lockBelow(draft, object.parent_id);
  if (locked) return refused(locked);
  if (draft.copy.size >= LIMITS.objects_per_brane) {
    return refuse('brane.too_many_objects', `a brane has at most ${LIMITS.objects_per_brane} objects`);
  }
  const transform = toTransform(object.transform ?? IDENTITY);
  if (!transform.ok) return transform;
  const bare = bareObject(draft, object, id, transform.value);
  if (!bare.ok) return bare;
  const filled = setPointers(bare.value, initialFields(object), []);
  if (!filled.ok) return filled;
  const checked = checkFields(filled.value);
  if (!checked.ok) return checked;
  const late = expiryRefusal(draft, undefined, filled.value);
  if (late) return refused(late);
  const order = orderAmong(draft, object.parent_id, id, object.order);
  if (!order.ok) return order;
  const added = addOp(
    draft,
    { op: 'create', object: { ...filled.value, order: order.value } },
    { undo: 'create', id },
  );
  return added.ok ? checkWorld(draft, id) : added;
}

function bareObject(
  draft: Draft,
  object: NewObject,
  id: ObjectId,
  transform: Transform,
): Result<SceneObject> {
  const { context, copy } = draft;
  const base = {
    id,
    brane_id: copy.meta.id,
    parent_id: object.parent_id,
    order: '',
    name: '',
    transform,
    properties: {},
    prototype: null,
    version: 1,
    seq: context.seq,
    created_at: context.at,
    updated_at: context.at,
    created_by: context.actor,
    updated_by: context.actor,
  };
  switch (object.kind) {
    case 'block':
      return ok({ ...base, kind: 'block', model: null });
    case 'group': {
      const group = { ...base, kind: 'group', is_brane: false, gallery: {} } as const;
      if (object.link === undefined) return ok(group);
      if (!isUuid(object.link)) return refuse('op.invalid', 'a link is the id of a brane', { id });
      if (object.link === copy.meta.id)
        return refuse('object.cycle', 'a brane cannot link to itself', { id });
      return ok({ ...group, link: object.link });
    }
    default:
      return refuse('op.invalid', 'an object is a group or a block', { id });
  }
}

/** Why nothing may be put below this one, if so. */
function lockBelow(draft: Draft, parentId: ObjectId): Refusal | undefined {
  const parent = draft.copy.get(parentId);
  return parent && lockRefusal(draft.copy, parent);
}

/** A lifetime that is set ends in the future; the root of a brane has none. */
function expiryRefusal(
  draft: Draft,
  before: SceneObject | undefined,
  { id, parent_id, expires_at }: SceneObject,
): Refusal | undefined {
  if (expires_at === undefined || expires_at === before?.expires_at) return undefined;
  if (parent_id === null)
    return { code: 'object.is_root', message: 'a brane does not expire', details: { id } };
  if (expires_at > draft.context.at) return undefined;
  const details = { pointer: '/expires_at', at: draft.context.at };
  return { code: 'field.invalid', message: `${expires_at} is past`, details };
}

/** What a new object brings along, in the terms of an update: the same table and the same checks (SYNC S4). */
function initialFields(object: NewObject): Readonly<Record<Pointer, Value>> {
  const set: Record<Pointer, Value> = {};
  if (object.name !== undefined) set['/name'] = object.name;
  if (object.properties !== undefined) set['/properties'] = object.properties;
  if (object.locked !== undefined) set['/locked'] = object.locked;
  if (object.pinned !== undefined) set['/pinned'] = object.pinned;
  if (object.expires_at !== undefined) set['/expires_at'] = object.expires_at;
  if (object.kind === 'block') {
    if (object.model !== undefined) set['/model'] = object.model === null ? null : { ...object.model };
    return set;
  }
  for (const [prototypeId, order] of Object.entries(object.gallery ?? {}))
    set[`/gallery/${prototypeId}`] = order;
  return set;
}

/** The properties of an instance fit the schema of its version, whoever changes them or the version. */
function checkInstance(draft: Draft, before: SceneObject, after: SceneObject): Result<void> {
  const isSame = after.properties === before.properties && after.prototype === before.prototype;
  return (isSame ? undefined : draft.prototypes?.check(after)) ?? ok(undefined);
}

/** Resolves an update. Pointers come out in canonical form, values as they are kept. */
export function resolveUpdate(
  draft: Draft,
  object: SceneObject,
  set: Readonly<Record<Pointer, Value>>,
  unset: readonly Pointer[],
): Result<void> {
  const after = setPointers(object, set, unset);
  if (!after.ok) return after;
  const checked = checkFields(after.value);
  if (!checked.ok) return checked;
  const fits = checkInstance(draft, object, after.value);
  if (!fits.ok) return fits;
  // Whoever takes the lock off may change more in the same op.
  const locked = after.value.locked ? lockRefusal(draft.copy, object) : lockAbove(draft.copy, object);
  const misfit = locked ?? expiryRefusal(draft, object, after.value);
  if (misfit) return refused(misfit);
  const kept: Record<Pointer, Value> = {};
  for (const pointer of Object.keys(set)) {
    const canonical = settablePointer(object, pointer);
    if (!canonical.ok) return canonical;
    kept[canonical.value] = getPointer(after.value, canonical.value) ?? null;
  }
  const gone: Pointer[] = [];
  for (const pointer of unset) {
    const canonical = settablePointer(object, pointer);
    if (!canonical.ok) return canonical;
    gone.push(canonical.value);
  }
  const op: Op = { op: 'update', id: object.id, set: kept, unset: gone, version: object.version + 1 };
  const pointers = changesBetween(object, after.value, [...Object.keys(kept), ...gone]);
  return addOp(draft, op, { undo: 'update', id: object.id, pointers });
}

/**
 * What each pointer was and became; then the maps that were made on the way, as they are once those pointers are gone
 * again, so that undoing in this order leaves nothing behind (SYNC U1).
 */
function changesBetween(
  before: SceneObject,
  after: SceneObject,
  pointers: readonly Pointer[],
): readonly PointerChange[] {
  const changes = pointers.map((pointer) =>
    changeOf(pointer, getPointer(before, pointer), getPointer(after, pointer)),
  );
  const made = new Set<Pointer>();
  for (const pointer of pointers) {
    const outer = getPointer(after, pointer) === undefined ? undefined : firstMissing(before, pointer);
    if (outer !== undefined) made.add(outer);
  }
  if (made.size === 0) return changes;
  const emptied = setPointers(
    after,
    {},
    pointers.filter((pointer) => getPointer(before, pointer) === undefined),
  );
  if (!emptied.ok) return changes;
  return [
    ...changes,
    ...[...made].map((outer) => changeOf(outer, undefined, getPointer(emptied.value, outer))),
  ];
}

function changeOf(pointer: Pointer, before: Value | undefined, after: Value | undefined): PointerChange {
  return {
    pointer,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

export function resolveTransform(draft: Draft, object: SceneObject, value: Transform): Result<void> {
  const fixed = placeRefusal(draft.copy, object);
  if (fixed) return refused(fixed);
  const transform = toTransform(value);
  if (!transform.ok) return transform;
  const after = transform.value;
  const added = addOp(
    draft,
    { op: 'transform', id: object.id, transform: after, version: object.version + 1 },
    { undo: 'transform', id: object.id, before: object.transform, after },
  );
  return added.ok ? checkWorld(draft, object.id) : added;
}

export function resolveMove(
  draft: Draft,
  object: SceneObject,
  parentId: ObjectId,
  wanted: string | undefined,
): Result<void> {
  const { id } = object;
  const misplaced =
    rootRefusal(object) ??
    moveRefusal(draft.copy, id, parentId) ??
    placeRefusal(draft.copy, object) ??
    lockBelow(draft, parentId);
  if (misplaced) return refused(misplaced);
  const isNewParent = object.parent_id !== parentId;
  if (isNewParent) {
    const parent = checkParent(draft.copy, parentId);
    if (!parent.ok) return parent;
    const fits = checkDepth(draft.copy, id, parent.value.depth + 1);
    if (!fits.ok) return fits;
  }
  const order = orderAmong(draft, parentId, id, wanted);
  if (!order.ok) return order;
  // Read again: among the same siblings, a re-spread gives the object's old place a new name.
  const from = draft.copy.get(id) ?? object;
  const before = { parent_id: from.parent_id ?? parentId, order: from.order };
  const after = { parent_id: parentId, order: order.value };
  const added = addOp(
    draft,
    { op: 'move', id, ...after, version: from.version + 1 },
    { undo: 'move', id, before, after },
  );
  return added.ok && isNewParent ? checkWorld(draft, id) : added;
}

export function resolveDelete(draft: Draft, object: SceneObject): Result<void> {
  const { id } = object;
  const locked = lockRefusal(draft.copy, object);
  if (locked) return refused(locked);
  return addOp(draft, { op: 'delete', id, version: object.version + 1 }, { undo: 'delete', id });
}

/** Only an undo asks for it; the reducer looks at the mark and at the parent. */
export function resolveUndelete(draft: Draft, object: SceneObject): Result<void> {
  const { id } = object;
  const locked = lockAbove(draft.copy, object);
  if (locked) return refused(locked);
  return addOp(draft, { op: 'undelete', id, version: object.version + 1 }, { undo: 'undelete', id });
}
