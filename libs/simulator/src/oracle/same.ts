/** Deep equality by value; numbers of either kind by what they are. */
export function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other) || one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (ArrayBuffer.isView(one) || ArrayBuffer.isView(other) || Array.isArray(one) || Array.isArray(other)) {
    return sameList(one as ArrayLike<unknown>, other as ArrayLike<unknown>);
  }
  const left = one as Readonly<Record<string, unknown>>;
  const right = other as Readonly<Record<string, unknown>>;
  let keys = 0;
  for (const key in left) {
    if (left[key] === undefined) continue;
    keys += 1;
    if (!same(left[key], right[key])) return false;
  }
  for (const key in right) if (right[key] !== undefined) keys -= 1;
  return keys === 0;
}

function sameList(one: ArrayLike<unknown>, other: ArrayLike<unknown>): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) if (!same(one[index], other[index])) return false;
  return true;
}

/** What differs between two sets of objects; undefined when nothing does. */
export function difference(
  expected: Iterable<{ readonly id: string }>,
  actual: Iterable<{ readonly id: string }>,
): string | undefined {
  const left = new Map([...expected].map((object) => [object.id, object]));
  for (const object of actual) {
    const other = left.get(object.id);
    if (!other) return `${object.id} is too many`;
    if (!same(other, object))
      return `${object.id} is ${JSON.stringify(object)}, not ${JSON.stringify(other)}`;
    left.delete(object.id);
  }
  for (const id of left.keys()) return `${id} is missing`;
  return undefined;
}
