import type { Value, ValueMap } from '../entities';
import { isValueMap, sameValue } from '../values';

/** A three-way merge: what it comes to, and where both sides had changed the same otherwise, so that ours was kept. */
export interface Merged {
  readonly value: ValueMap;
  /** Keys from the outermost map inwards. */
  readonly conflicts: readonly (readonly string[])[];
}

/** What has changed from `base` to `theirs`, done to `ours`; maps within maps are merged as well, lists are of one piece. */
export function mergeMaps(base: ValueMap, ours: ValueMap, theirs: ValueMap): Merged {
  const value: Record<string, Value> = {};
  const conflicts: (readonly string[])[] = [];
  for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const merged = mergeValue(own(base, key), own(ours, key), own(theirs, key));
    if (merged.value !== undefined) value[key] = merged.value;
    for (const inner of merged.conflicts) conflicts.push([key, ...inner]);
  }
  return { value, conflicts };
}

function own(map: ValueMap, key: string): Value | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

function mergeValue(
  base: Value | undefined,
  ours: Value | undefined,
  theirs: Value | undefined,
): { readonly value: Value | undefined; readonly conflicts: readonly (readonly string[])[] } {
  switch (mergeSides(sameValue(base, ours), sameValue(base, theirs), sameValue(ours, theirs))) {
    case 'ours':
      return { value: ours, conflicts: [] };
    case 'theirs':
      return { value: theirs, conflicts: [] };
    case 'both':
      if (isValueMap(ours) && isValueMap(theirs)) {
        return mergeMaps(isValueMap(base) ? base : {}, ours, theirs);
      }
      return { value: ours, conflicts: [[]] };
  }
}

/** Whose value counts, from who has changed it. */
export function mergeSides(
  isOursUnchanged: boolean,
  isTheirsUnchanged: boolean,
  isSame: boolean,
): 'ours' | 'theirs' | 'both' {
  if (isSame || isTheirsUnchanged) return 'ours';
  return isOursUnchanged ? 'theirs' : 'both';
}
