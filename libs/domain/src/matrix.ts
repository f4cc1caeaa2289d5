import type { Transform } from './entities';
import { ok, refuse, type Result } from './refusal';

/** 4×4, column-major, of whatever precision: local transforms are float32, products are kept in float64. */
export type Matrix = ArrayLike<number>;

export const IDENTITY: Transform = Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1);

export interface TransformParts {
  /** Metres. */
  readonly translation?: readonly [x: number, y: number, z: number];
  /** Unit quaternion. */
  readonly rotation?: readonly [x: number, y: number, z: number, w: number];
  readonly scale?: readonly [x: number, y: number, z: number];
}

/** a · b: first b, then a. */
export function multiply(a: Matrix, b: Matrix): Float64Array {
  const product = new Float64Array(16);
  for (let column = 0; column < 16; column += 4) {
    for (let row = 0; row < 4; row += 1) {
      product[column + row] =
        at(a, row) * at(b, column) +
        at(a, row + 4) * at(b, column + 1) +
        at(a, row + 8) * at(b, column + 2) +
        at(a, row + 12) * at(b, column + 3);
    }
  }
  return product;
}

function at(matrix: Matrix, index: number): number {
  return matrix[index] ?? Number.NaN;
}

/** Scale, then rotate, then translate; rounded to float32. Parts that are missing do nothing. */
export function compose(parts: TransformParts): Transform {
  const [tx, ty, tz] = parts.translation ?? [0, 0, 0];
  const [x, y, z, w] = parts.rotation ?? [0, 0, 0, 1];
  const [sx, sy, sz] = parts.scale ?? [1, 1, 1];
  return Float32Array.of(
    (1 - 2 * (y * y + z * z)) * sx,
    2 * (x * y + z * w) * sx,
    2 * (x * z - y * w) * sx,
    0,
    2 * (x * y - z * w) * sy,
    (1 - 2 * (x * x + z * z)) * sy,
    2 * (y * z + x * w) * sy,
    0,
    2 * (x * z + y * w) * sz,
    2 * (y * z - x * w) * sz,
    (1 - 2 * (x * x + y * y)) * sz,
    0,
    tx,
    ty,
    tz,
    1,
  );
}

/** Where the matrix puts the origin, in metres. */
export function translationOf(matrix: Matrix): readonly [x: number, y: number, z: number] {
  return [at(matrix, 12), at(matrix, 13), at(matrix, 14)];
}

/**
 * 16 finite numbers, rounded to float32 as everywhere (SYNC S5); a list or a typed array. Answers a copy of its own.
 * Refuses with `transform.not_finite` when there are not 16, or one is not finite as a float32.
 */
export function toTransform(value: unknown): Result<Transform> {
  if (!Array.isArray(value) && !isTypedArray(value)) {
    return refuse('transform.not_finite', 'a transform is a list of 16 numbers');
  }
  const numbers: ArrayLike<unknown> = value;
  if (numbers.length !== 16) {
    return refuse('transform.not_finite', `a transform has 16 numbers, not ${numbers.length}`);
  }
  const transform = new Float32Array(16);
  for (let index = 0; index < 16; index += 1) {
    const number = numbers[index];
    // Adding 0 turns -0 into 0, so that equal transforms have equal bytes.
    const rounded = typeof number === 'number' ? Math.fround(number) + 0 : Number.NaN;
    if (!Number.isFinite(rounded)) {
      return refuse('transform.not_finite', `element ${index} of the transform is not a finite float32`);
    }
    transform[index] = rounded;
  }
  return ok(transform);
}

function isTypedArray(value: unknown): value is Float32Array | Float64Array {
  if (!ArrayBuffer.isView(value)) return false;
  return /^\[object Float(32|64)Array\]$/.test(Object.prototype.toString.call(value));
}

export function sameTransform(left: Matrix, right: Matrix): boolean {
  for (let index = 0; index < 16; index += 1) if (left[index] !== right[index]) return false;
  return true;
}

/** Finite for whoever computes in float32 too, as most renderers do. */
export function isFiniteMatrix(matrix: Matrix): boolean {
  for (let index = 0; index < 16; index += 1) {
    if (!Number.isFinite(Math.fround(at(matrix, index)))) return false;
  }
  return true;
}

/** An upper bound of how far the matrix takes a point that is one metre from the origin, translation left aside. */
export function largestScale(matrix: Matrix): number {
  let squared = 0;
  // Gershgorin's bound on MᵀM: exact when the axes stay perpendicular, and never too small when they do not.
  for (let column = 0; column < 12; column += 4) {
    let sum = 0;
    for (let other = 0; other < 12; other += 4) {
      sum += Math.abs(
        at(matrix, column) * at(matrix, other) +
          at(matrix, column + 1) * at(matrix, other + 1) +
          at(matrix, column + 2) * at(matrix, other + 2),
      );
    }
    squared = Math.max(squared, sum);
  }
  return Math.sqrt(squared);
}
