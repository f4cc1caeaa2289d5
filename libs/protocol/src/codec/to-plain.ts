const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const SURROGATE = /\p{Surrogate}/u;

/** True when the text has no lone surrogate, so that it has a UTF-8 form. */
export function isWellFormed(text: string): boolean {
  return !SURROGATE.test(text);
}

/**
 * The value with nothing in it that the wire does not know: undefined fields left out, bigints that a number holds
 * exactly as numbers. Answers the same value where nothing is to change. Throws TypeError for what cannot be sent.
 */
export function toPlain(value: unknown): unknown {
  switch (typeof value) {
    case 'number':
    case 'boolean':
      return value;
    case 'string':
      if (!isWellFormed(value)) throw new TypeError('text with a lone surrogate cannot be encoded');
      return value;
    case 'bigint':
      return plainInteger(value);
    case 'object':
      if (value === null || value instanceof Uint8Array || value instanceof Float32Array) return value;
      return Array.isArray(value) ? plainArray(value) : plainMap(value);
    default:
      throw new TypeError(`${typeof value} cannot be encoded`);
  }
}

function plainInteger(value: bigint): number | bigint {
  if (value < INT64_MIN || value > INT64_MAX)
    throw new TypeError('an integer beyond 64 bits cannot be encoded');
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function plainArray(array: readonly unknown[]): readonly unknown[] {
  let changed: unknown[] | undefined;
  for (let i = 0; i < array.length; i++) {
    const plain = toPlain(array[i]);
    if (changed === undefined && plain !== array[i]) changed = array.slice(0, i);
    changed?.push(plain);
  }
  return changed ?? array;
}

function plainMap(map: object): object {
  if (!isPlainMap(map)) throw new TypeError('only plain objects, arrays and bytes can be encoded');
  let changed: Record<string, unknown> | undefined;
  const keys = Object.keys(map);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? '';
    const field = map[key];
    const plain = field === undefined ? undefined : toPlain(field);
    if (key === '__proto__') throw new TypeError('"__proto__" cannot be encoded as a key');
    if (!isWellFormed(key)) throw new TypeError('a key with a lone surrogate cannot be encoded');
    if (changed === undefined && (plain === undefined || plain !== field)) {
      changed = {};
      for (const earlier of keys.slice(0, i)) changed[earlier] = map[earlier];
    }
    if (changed !== undefined && plain !== undefined) changed[key] = plain;
  }
  return changed ?? map;
}

/** An object literal of whichever realm, or one without a prototype. */
function isPlainMap(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
