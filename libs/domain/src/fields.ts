import type { Group, ModelRef, PrototypeRef, SceneObject, Value, ValueMap } from './entities';
import { asPrototypeId, isUuid } from './ids';
import type { Pointer } from './ops';
import { formatPointer, parsePointer, PointerSet } from './pointer';
import { ok, refuse, type Result } from './refusal';
import { checkValue, isText, isValueMap } from './values';

/** Whether a pointer must name the field itself, exactly one key in it, or may go as deep as it likes. */
type Reach = 'itself' | 'entry' | 'anywhere';

interface SettableField {
  readonly kinds: readonly SceneObject['kind'][];
  readonly reach: Reach;
  readonly canUnset: boolean;
}

/** The table of settable fields (SYNC S4). `parent_id`, `order`, `transform` have their own ops; the rest is the server's. */
export const SETTABLE_FIELDS = {
  name: { kinds: ['group', 'block'], reach: 'itself', canUnset: false },
  properties: { kinds: ['group', 'block'], reach: 'anywhere', canUnset: true },
  gallery: { kinds: ['group'], reach: 'entry', canUnset: true },
  model: { kinds: ['block'], reach: 'itself', canUnset: true },
  /** By an upgrade alone: an edit that names it is refused before. */
  prototype: { kinds: ['group', 'block'], reach: 'itself', canUnset: true },
  locked: { kinds: ['group', 'block'], reach: 'itself', canUnset: true },
  pinned: { kinds: ['group', 'block'], reach: 'itself', canUnset: true },
  expires_at: { kinds: ['group', 'block'], reach: 'itself', canUnset: true },
} as const satisfies Readonly<Record<string, SettableField>>;

export type SettableName = keyof typeof SETTABLE_FIELDS;

interface Path {
  readonly field: SettableName;
  readonly keys: readonly string[];
}

/** Finds the field that a pointer names in an object of this kind. Refuses with `field.not_settable` or `field.invalid`. */
function settablePath(kind: SceneObject['kind'], pointer: Pointer): Result<Path> {
  const parsed = parsePointer(pointer);
  if (!parsed.ok) return parsed;
  const [name, ...keys] = parsed.value;
  const notSettable = (): Result<never> =>
    refuse('field.not_settable', `${pointer} of a ${kind} cannot be set`, { pointer });
  if (!Object.hasOwn(SETTABLE_FIELDS, name)) return notSettable();
  const field = name as SettableName;
  const { kinds, reach }: SettableField = SETTABLE_FIELDS[field];
  if (!kinds.includes(kind)) return notSettable();
  if (reach === 'itself' && keys.length !== 0) return notSettable();
  if (reach === 'entry' && (keys.length !== 1 || !isUuid(keys[0]))) return notSettable();
  return ok({ field, keys });
}

/** The pointer in its one canonical form; refused when the object has no such settable field. */
export function settablePointer(object: SceneObject, pointer: Pointer): Result<Pointer> {
  const path = settablePath(object.kind, pointer);
  return path.ok ? ok(formatPointer([path.value.field, ...path.value.keys])) : path;
}

/** The value at a settable pointer; undefined when there is none, or when the pointer is not settable. */
export function getPointer(object: SceneObject, pointer: Pointer): Value | undefined {
  const path = settablePath(object.kind, pointer);
  if (!path.ok) return undefined;
  let value: Value | undefined = fieldOf(object, path.value.field);
  for (const key of path.value.keys) {
    if (!isValueMap(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

function fieldOf(object: SceneObject, field: SettableName): Value {
  switch (field) {
    case 'name':
      return object.name;
    case 'properties':
      return object.properties;
    case 'gallery':
      return object.kind === 'group' ? { ...object.gallery } : {};
    case 'model':
      return object.kind === 'block' && object.model !== null ? { ...object.model } : null;
    case 'prototype':
      return object.prototype && { ...object.prototype };
    case 'locked':
    case 'pinned':
      return object[field] ?? false;
    case 'expires_at':
      return object.expires_at ?? null;
  }
}

/**
 * The shortest pointer at or above this one that the object does not have yet: what `setPointers` would make on the way.
 * Undefined when the pointer exists already, or all around it does.
 */
export function firstMissing(object: SceneObject, pointer: Pointer): Pointer | undefined {
  const path = settablePath(object.kind, pointer);
  if (!path.ok) return undefined;
  const { field, keys } = path.value;
  for (let length = 1; length < keys.length; length += 1) {
    const outer = formatPointer([field, ...keys.slice(0, length)]);
    if (getPointer(object, outer) === undefined) return outer;
  }
  return undefined;
}

/**
 * The object with these pointers set and unset; everything is checked before anything is made. Unset pointers fall back
 * to absence, `/properties` to an empty map, `/model` and `/prototype` to null.
 * Refuses with `field.not_settable`, `field.overlap` or `field.invalid`.
 */
export function setPointers(
  object: SceneObject,
  set: Readonly<Record<Pointer, Value>>,
  unset: readonly Pointer[],
): Result<SceneObject> {
  const seen = new PointerSet();
  let next = object;
  const writes: [Pointer, Value | undefined][] = Object.entries(set);
  for (const pointer of unset) writes.push([pointer, undefined]);
  for (const [pointer, value] of writes) {
    const path = settablePath(object.kind, pointer);
    if (!path.ok) return path;
    if (!seen.add([path.value.field, ...path.value.keys])) {
      return refuse('field.overlap', `${pointer} overlaps with another pointer of the op`, { pointer });
    }
    const written = write(next, path.value, value);
    if (!written.ok)
      return refuse(written.refusal.code, `${pointer}: ${written.refusal.message}`, { pointer });
    next = written.value;
  }
  return ok(next);
}

function write(object: SceneObject, path: Path, value: Value | undefined): Result<SceneObject> {
  switch (path.field) {
    case 'name':
      if (!isText(value)) return refuse('field.invalid', 'a name is text');
      return ok({ ...object, name: value });
    case 'properties':
      return writeProperties(object, path.keys, value);
    case 'gallery':
      return writeGallery(object, path.keys[0] ?? '', value);
    case 'model':
      return writeModel(object, value);
    case 'prototype':
      // The server's own: what stands in the log is a reference or nothing.
      return ok({ ...object, prototype: (value ?? null) as PrototypeRef | null });
    case 'locked':
    case 'pinned':
      return writeFlag(object, path.field, value ?? false);
    case 'expires_at':
      return writeExpiry(object, value ?? null);
  }
}

function writeProperties(
  object: SceneObject,
  keys: readonly string[],
  value: Value | undefined,
): Result<SceneObject> {
  if (value !== undefined) {
    const checked = checkValue(value);
    if (!checked.ok) return checked;
  }
  const written = writeIn(object.properties, keys, value);
  return written.ok ? ok({ ...object, properties: written.value }) : written;
}

/** The map with the value at these keys; maps that are missing on the way are made, other things on the way refused. */
function writeIn(map: ValueMap, keys: readonly string[], value: Value | undefined): Result<ValueMap> {
  const [key, ...rest] = keys;
  if (key === undefined) {
    if (value === undefined) return ok({});
    return isValueMap(value) ? ok(value) : refuse('field.invalid', 'properties are a map');
  }
  if (rest.length === 0) return ok(value === undefined ? without(map, key) : { ...map, [key]: value });
  const inner = Object.hasOwn(map, key) ? map[key] : undefined;
  if (inner === undefined && value === undefined) return ok(map);
  if (inner !== undefined && !isValueMap(inner)) {
    return refuse('field.invalid', `${key} is not a map, so nothing in it can be set`);
  }
  const written = writeIn(inner ?? {}, rest, value);
  return written.ok ? ok({ ...map, [key]: written.value }) : written;
}

function without<T>(map: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  if (!Object.hasOwn(map, key)) return map;
  const { [key]: _, ...rest } = map;
  return rest;
}

function writeGallery(object: SceneObject, key: string, value: Value | undefined): Result<SceneObject> {
  if (object.kind !== 'group') return refuse('field.not_settable', 'only a group has a gallery');
  if (value === undefined) return ok({ ...object, gallery: without(object.gallery, key) });
  if (typeof value !== 'string') return refuse('field.invalid', 'a gallery entry is an order key');
  const gallery: Group['gallery'] = { ...object.gallery, [asPrototypeId(key)]: value };
  return ok({ ...object, gallery });
}

function writeModel(object: SceneObject, value: Value | undefined): Result<SceneObject> {
  if (object.kind !== 'block') return refuse('field.not_settable', 'only a block has a model');
  const model = toModel(value ?? null);
  return model.ok ? ok({ ...object, model: model.value }) : model;
}

function writeFlag(object: SceneObject, field: 'locked' | 'pinned', value: Value): Result<SceneObject> {
  if (typeof value !== 'boolean') return refuse('field.invalid', `${field} is true or false`);
  const { [field]: _, ...without } = object;
  return ok(value ? { ...object, [field]: value } : without);
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Kept in one form, so that the order of the texts is the order of the times. */
function writeExpiry(object: SceneObject, value: Value): Result<SceneObject> {
  const { expires_at: _, ...without } = object;
  if (value === null) return ok(without);
  const at = typeof value === 'string' && RFC_3339.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) return refuse('field.invalid', 'a time is RFC 3339 text');
  return ok({ ...object, expires_at: new Date(at).toISOString() });
}

/** A model reference from what came over the wire; refuses with `field.invalid`. */
export function toModel(value: unknown): Result<ModelRef | null> {
  if (value === null) return ok(null);
  if (!isValueMap(value)) return refuse('field.invalid', 'a model is a map or null');
  const { id, digest, bytes, bounds, radius, previews } = value;
  if (!isText(id) || !isText(digest)) return refuse('field.invalid', 'a model has an id and a digest');
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0) {
    return refuse('field.invalid', 'a model has its size in bytes');
  }
  if (!isListOf(bounds, isFiniteNumber) || bounds.length !== 6) {
    return refuse('field.invalid', 'the bounds of a model are six finite numbers');
  }
  if (!isFiniteNumber(radius) || radius < 0) {
    return refuse('field.invalid', 'the radius of a model is a number of metres, not negative');
  }
  if (!isListOf(previews, isText)) return refuse('field.invalid', 'the previews of a model are texts');
  return ok({ id, digest, bytes, bounds: [...bounds], radius, previews: [...previews] });
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.every(isItem);
}
