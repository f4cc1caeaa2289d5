import type { Value, ValueMap } from './entities';
import { LIMITS } from './limits';
import { ok, refuse, type Result } from './refusal';

const MIN_INT = -(2n ** 63n);
const MAX_UINT = 2n ** 64n - 1n;
/** A surrogate without its partner has no UTF-8 form, so it would not survive the store. */
const LONE_SURROGATE = /\p{Surrogate}/u;
/**
 * In JSON a map of `$int` or `$bytes` alone is an integer or bytes (SYNC S5). Any map may come to have one key alone, when its others are
 * unset: so no map has these.
 */
const RESERVED_KEYS = ['$int', '$bytes'] as const;
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
  'prototype',
  ...RESERVED_KEYS,
]);

/** Keys that could reach an object's prototype somewhere down the line, or mean something else in JSON; refused in every map (SYNC S4). */
export function isForbiddenKey(key: string): boolean {
  return FORBIDDEN_KEYS.has(key);
}

/** True for strings that UTF-8 can carry. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && !LONE_SURROGATE.test(value);
}

export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && tagOf(value) === '[object Uint8Array]';
}

/** A map of the value model: not a list, not bytes, not any other class of object. */
export function isValueMap(value: unknown): value is ValueMap {
  return typeof value === 'object' && value !== null && tagOf(value) === '[object Object]';
}

/** By tag and not by `instanceof`: values may come from another realm (a frame, a worker, a test runner). */
function tagOf(value: object): string {
  return Object.prototype.toString.call(value);
}

/**
 * Answers the value when it belongs to the value model: text, finite numbers, integers of 64 bits, booleans, null, bytes,
 * lists and maps of at most `property_depth_levels` levels. Refuses with `field.invalid` otherwise.
 */
export function checkValue(value: unknown, levels: number = LIMITS.property_depth_levels): Result<Value> {
  const problem = problemOf(value, levels);
  return problem === undefined ? ok(value as Value) : refuse('field.invalid', problem);
}

function problemOf(value: unknown, levels: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return isText(value) ? undefined : 'text must be well-formed Unicode';
    case 'number':
      return Number.isFinite(value) ? undefined : `a number must be finite, not ${value}`;
    case 'bigint':
      return value >= MIN_INT && value <= MAX_UINT ? undefined : 'an integer must fit 64 bits';
    case 'boolean':
      return undefined;
    case 'object':
      return value === null || isBytes(value) ? undefined : problemInside(value, levels);
    default:
      return `a value cannot be ${typeof value}`;
  }
}

function problemInside(value: object, levels: number): string | undefined {
  if (levels <= 0) return `maps and lists nest at most ${LIMITS.property_depth_levels} levels`;
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) {
      const problem = problemOf(item, levels - 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  if (!isValueMap(value)) return 'a value must be a scalar, a list or a map';
  for (const [key, item] of Object.entries(value)) {
    const problem = keyProblem(key) ?? problemOf(item, levels - 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function keyProblem(key: string): string | undefined {
  if (isForbiddenKey(key)) return `a key cannot be ${key}`;
  if (!isText(key)) return 'a key must be well-formed Unicode';
  if (key.length > LIMITS.property_key_chars)
    return `a key has at most ${LIMITS.property_key_chars} characters`;
  return undefined;
}

/** Equality by value: numbers across integer types, bytes byte by byte, maps without regard to order (SYNC S5, U1). */
export function sameValue(left: Value | undefined, right: Value | undefined): boolean {
  if (left === right) return true;
  if (typeof left === 'bigint' || typeof right === 'bigint') return sameInteger(left, right);
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (isBytes(left) || isBytes(right)) return isBytes(left) && isBytes(right) && sameBytes(left, right);
  if (isList(left) || isList(right)) return isList(left) && isList(right) && sameList(left, right);
  return sameMap(left, right);
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function sameInteger(left: Value | undefined, right: Value | undefined): boolean {
  const [a, b] = [asBigint(left), asBigint(right)];
  return a !== undefined && a === b;
}

function asBigint(value: Value | undefined): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined;
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

function sameList(left: readonly Value[], right: readonly Value[]): boolean {
  return left.length === right.length && left.every((item, index) => sameValue(item, right[index]));
}

function sameMap(left: ValueMap, right: ValueMap): boolean {
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && sameValue(left[key], right[key]));
}

/**
 * Bytes that the value takes as CBOR, every non-integer as a float64. Also measures what merely looks like a value (ops
 * on their way in): typed arrays by their bytes, what is undefined as nothing.
 */
export function valueBytes(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return textBytes(value);
    case 'number':
      return Number.isSafeInteger(value) ? headBytes(value < 0 ? -1 - value : value) : 9;
    case 'bigint':
      return headBytes(Number(value < 0n ? -1n - value : value));
    case 'object':
      return value === null ? 1 : bytesInside(value);
    case 'undefined':
      return 0;
    default:
      return 1;
  }
}

function bytesInside(value: object): number {
  if (ArrayBuffer.isView(value)) return headBytes(value.byteLength) + value.byteLength;
  if (Array.isArray(value)) {
    return (value as readonly unknown[]).reduce<number>(
      (sum, item) => sum + valueBytes(item),
      headBytes(value.length),
    );
  }
  let count = 0;
  let sum = 0;
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    count += 1;
    sum += textBytes(key) + valueBytes(item);
  }
  return headBytes(count) + sum;
}

function headBytes(length: number): number {
  if (length < 24) return 1;
  if (length < 0x100) return 2;
  if (length < 0x1_0000) return 3;
  return length < 0x1_0000_0000 ? 5 : 9;
}

function textBytes(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    // A surrogate pair is two units and four bytes.
    if (unit < 0x80) bytes += 1;
    else bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
  }
  return headBytes(bytes) + bytes;
}
