import type { PrototypeRef, SceneObject, Transform, Value, ValueMap } from '../entities';
import { sameTransform } from '../matrix';
import type { Pointer } from '../ops';
import { formatPointer } from '../pointer';
import { sameValue } from '../values';
import { type Merged, mergeMaps, mergeSides } from './merge';
import { migrate, type Migration } from './migrate';
import { checkProperty, type PropertySchema } from './property-schema';
import type { Seed } from './seeds';

/** What an upgrade does to one object. */
export interface NodeMerge {
  readonly set: Readonly<Record<Pointer, Value>>;
  readonly unset: readonly Pointer[];
  readonly transform?: Transform;
  /** Where the object had been changed as well: its own value was kept, or did not fit the schema any more. */
  readonly conflicts: readonly Pointer[];
}

/** The parts of a node or an object that an instance may have otherwise. */
type Faces = Pick<SceneObject, 'name' | 'transform' | 'properties'> & { readonly own: ValueMap };

function facesOfSeed({ name, transform, properties, node }: Seed): Faces {
  return { name, transform, properties, own: ownOf(node) };
}

function facesOf(object: SceneObject): Faces {
  return { ...object, own: ownOf(object) };
}

function ownOf(thing: SceneObject | Seed['node']): ValueMap {
  if (thing.kind === 'group') return { ...thing.gallery };
  return { model: thing.model === null ? null : { ...thing.model } };
}

function isSeed(thing: Seed | SceneObject): thing is Seed {
  return 'node' in thing;
}

/** Whether something is otherwise than the node has it. */
export function isTouched(base: Seed, thing: Seed | SceneObject): boolean {
  const [before, now] = [facesOfSeed(base), isSeed(thing) ? facesOfSeed(thing) : facesOf(thing)];
  return !(
    before.name === now.name &&
    sameTransform(before.transform, now.transform) &&
    sameValue(before.properties, now.properties) &&
    sameValue(before.own, now.own)
  );
}

/** The object as the new version has it, but for what was changed on it. `steps` have been run on neither side. */
export function mergeNode(
  base: Seed,
  object: SceneObject,
  theirs: Seed,
  steps: readonly Migration[],
): NodeMerge {
  const [old, now, next] = [facesOfSeed(base), facesOf(object), facesOfSeed(theirs)];
  const conflicts: Pointer[] = [];
  const set: Record<Pointer, Value> = { '/prototype': refOf(theirs.prototype) };
  const unset: Pointer[] = [];
  const put = (pointer: Pointer, value: Value | undefined): void => {
    if (value === undefined) unset.push(pointer);
    else set[pointer] = value;
  };

  const name = mergeSides(old.name === now.name, old.name === next.name, now.name === next.name);
  if (name === 'theirs') put('/name', next.name);
  if (name === 'both') conflicts.push('/name');

  const properties = mergeMaps(
    migrate(old.properties, steps),
    migrate(now.properties, steps),
    next.properties,
  );
  for (const keys of properties.conflicts) conflicts.push(formatPointer(['properties', ...keys]));
  const fitting = fit(theirs.schema, properties.value, next.properties, conflicts);
  changes(now.properties, fitting, (key, value) => put(formatPointer(['properties', key]), value));

  const field = object.kind === 'group' ? ['gallery'] : [];
  const own =
    object.kind === 'group' ? mergeMaps(old.own, now.own, next.own) : mergeModel(old.own, now.own, next.own);
  for (const keys of own.conflicts) conflicts.push(formatPointer([...field, ...keys]));
  changes(now.own, own.value, (key, value) => put(formatPointer([...field, key]), value));

  const isMoved = mergeSides(
    sameTransform(old.transform, now.transform),
    sameTransform(old.transform, next.transform),
    sameTransform(now.transform, next.transform),
  );
  // Where an instance stands is its own, but for the place of a member in its group.
  const isPlaced = base.path !== '';
  if (isPlaced && isMoved === 'both') conflicts.push('/transform');
  const merge = { set, unset, conflicts: [...new Set(conflicts)] };
  return isPlaced && isMoved === 'theirs' ? { ...merge, transform: next.transform } : merge;
}

/** A model is of one piece. */
function mergeModel(base: ValueMap, ours: ValueMap, theirs: ValueMap): Merged {
  const side = mergeSides(sameValue(base, ours), sameValue(base, theirs), sameValue(ours, theirs));
  return { value: side === 'theirs' ? theirs : ours, conflicts: side === 'both' ? [['model']] : [] };
}

function refOf(ref: PrototypeRef): ValueMap {
  return { ...ref };
}

function changes(
  before: ValueMap,
  after: ValueMap,
  tell: (key: string, value: Value | undefined) => void,
): void {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const value = Object.hasOwn(after, key) ? after[key] : undefined;
    const known = Object.hasOwn(before, key) ? before[key] : undefined;
    if (!sameValue(known, value)) tell(key, value);
  }
}

/** What does not fit the new schema gives way to what the new version has. */
function fit(
  schema: PropertySchema | undefined,
  merged: ValueMap,
  theirs: ValueMap,
  conflicts: Pointer[],
): ValueMap {
  if (schema === undefined) return merged;
  const fitting: Record<string, Value> = {};
  for (const [key, value] of Object.entries(merged)) {
    const rule = Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    const goes = rule === undefined ? schema.open === true : checkProperty(key, rule, value).ok;
    if (goes) {
      fitting[key] = value;
      continue;
    }
    conflicts.push(formatPointer(['properties', key]));
    const instead = Object.hasOwn(theirs, key) ? theirs[key] : undefined;
    if (rule !== undefined && instead !== undefined) fitting[key] = instead;
  }
  return fitting;
}
