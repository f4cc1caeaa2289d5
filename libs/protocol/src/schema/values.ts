import type { Transform, Value, ValueMap } from '@state-server/domain';
import * as z from 'zod/mini';

const NUMBERS_IN_TRANSFORM = 16;

/** True for what a property may hold (domain `Value`); a typed array of floats is no value, an array of numbers is. */
export function isValue(value: unknown): value is Value {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      if (value === null || value instanceof Uint8Array) return true;
      return Array.isArray(value) ? value.every(isValue) : !ArrayBuffer.isView(value) && isValueMap(value);
    default:
      return false;
  }
}

/** The JSON forms of integers and bytes take these keys: a map of just one of them, as any may become, could not travel (SYNC S5). */
function isReserved(key: string): boolean {
  return key === '$int' || key === '$bytes';
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

export function isValueMap(value: unknown): value is ValueMap {
  if (!isMap(value)) return false;
  return Object.keys(value).every((key) => !isReserved(key) && isValue(value[key]));
}

const VALUE_MESSAGE =
  'must be null, a boolean, a finite number, an integer, text, bytes, or an array or map of such values';

export const value = z.custom<Value>(isValue, VALUE_MESSAGE);
export const valueMap = z.custom<ValueMap>(isValueMap, `must be a map; each value in it ${VALUE_MESSAGE}`);

function isMatrix(input: unknown): input is readonly number[] | Float32Array {
  if (!Array.isArray(input) && !(input instanceof Float32Array)) return false;
  return (
    input.length === NUMBERS_IN_TRANSFORM && input.every((element: unknown) => typeof element === 'number')
  );
}

/** Rounds to float32; a typed array is one already. */
export function toMatrix(input: readonly number[] | Float32Array): Transform {
  return input instanceof Float32Array ? input : Float32Array.from(input);
}

/** The form on the wire: a float32 typed array (RFC 8746, tag 85) or an array of numbers. */
export const matrix = z.custom<readonly number[] | Float32Array>(
  isMatrix,
  'must be 16 numbers, column-major',
);

/** Rounded to float32 at decode (SYNC S5). */
export const transform = z.pipe(
  z.pipe(matrix, z.transform(toMatrix)),
  z.custom<Transform>((input) => input instanceof Float32Array && input.every(Number.isFinite), {
    error: 'must consist of numbers that are finite as float32',
    params: { code: 'transform.not_finite' },
  }),
);
