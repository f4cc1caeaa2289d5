import fc from 'fast-check';
import { codeOf, unwrap } from './brane.spec-support';
import {
  compose,
  IDENTITY,
  isFiniteMatrix,
  largestScale,
  multiply,
  sameTransform,
  toTransform,
  translationOf,
} from './matrix';

const finite = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });
const matrix = fc.array(finite, { minLength: 16, maxLength: 16 });

describe('transforms', () => {
  it('rounds to float32, so that both ends keep the same numbers (S5)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -1e30, max: 1e30 }), { minLength: 16, maxLength: 16 }),
        (numbers) => {
          const transform = unwrap(toTransform(numbers));
          expect([...transform]).toEqual(numbers.map((number) => Math.fround(number) + 0));
          expect(unwrap(toTransform(transform))).toEqual(transform);
        },
      ),
    );
  });

  it('answers a copy of its own', () => {
    const given = Float32Array.from(IDENTITY);
    const transform = unwrap(toTransform(given));
    given[0] = 7;
    expect(transform[0]).toBe(1);
  });

  it.each([
    ['NaN', [...IDENTITY].with(3, Number.NaN)],
    ['infinity', [...IDENTITY].with(3, Number.NEGATIVE_INFINITY)],
    ['what overflows as a float32', [...IDENTITY].with(3, 1e39)],
    ['15 numbers', [...IDENTITY].slice(1)],
    ['17 numbers', [...IDENTITY, 1]],
    ['text', [...IDENTITY].map(String)],
    ['a hole', [...IDENTITY].with(3, undefined as unknown as number)],
    ['a map', { length: 16 }],
    ['bytes', new Uint8Array(16)],
    ['nothing', undefined],
  ])('refuses %s (S5)', (_, value) => {
    expect(codeOf(toTransform(value))).toBe('transform.not_finite');
  });

  it('has identity as its neutral element', () => {
    fc.assert(
      fc.property(matrix, (numbers) => {
        expect(sameTransform(multiply(IDENTITY, numbers), numbers)).toBe(true);
        expect(sameTransform(multiply(numbers, IDENTITY), numbers)).toBe(true);
      }),
    );
  });

  it('applies the right factor first: column-major, translation at 12', () => {
    const moved = compose({ translation: [1, 2, 3] });
    const doubled = compose({ scale: [2, 2, 2] });
    expect(translationOf(multiply(moved, doubled))).toEqual([1, 2, 3]);
    expect(translationOf(multiply(doubled, moved))).toEqual([2, 4, 6]);
  });

  it('turns by a quaternion, counter-clockwise around z', () => {
    const half = Math.SQRT1_2;
    const turned = multiply(compose({ rotation: [0, 0, half, half] }), compose({ translation: [1, 0, 0] }));
    const [x, y, z] = translationOf(turned);
    expect(x).toBeCloseTo(0, 6);
    expect(y).toBeCloseTo(1, 6);
    expect(z).toBeCloseTo(0, 6);
  });

  it('takes what overflows a float32 for not finite', () => {
    expect(isFiniteMatrix(IDENTITY)).toBe(true);
    expect(isFiniteMatrix(Float64Array.from(IDENTITY).with(12, 1e39))).toBe(false);
  });

  it('never scales a point by more than the largest scale', () => {
    const point = fc.tuple(finite, finite, finite).filter((p) => Math.hypot(...p) > 1e-3);
    const linear = fc.array(fc.float({ noNaN: true, min: -100, max: 100 }), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(linear, point, (l, [x, y, z]) => {
        const at = (i: number): number => l[i] ?? 0;
        const image = [0, 1, 2].map((row) => at(row) * x + at(row + 3) * y + at(row + 6) * z);
        const full = [at(0), at(1), at(2), 0, at(3), at(4), at(5), 0, at(6), at(7), at(8), 0, 5, 5, 5, 1];
        expect(Math.hypot(...image)).toBeLessThanOrEqual(
          largestScale(full) * Math.hypot(x, y, z) * (1 + 1e-9),
        );
      }),
    );
  });

  it('is exact about the scale of what is turned and stretched', () => {
    const turned = compose({ rotation: [0.5, 0.5, 0.5, 0.5], scale: [1, 3, 2] });
    expect(largestScale(turned)).toBeCloseTo(3, 6);
  });
});
