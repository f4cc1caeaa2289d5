import fc from 'fast-check';
import type { Value } from './entities';
import { checkValue, sameValue, valueBytes } from './values';

const scalar = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array(),
);
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string({ maxLength: 8 }).filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
}));

function copyOf(original: Value): Value {
  if (original instanceof Uint8Array) return Uint8Array.from(original);
  if (Array.isArray(original)) return (original as readonly Value[]).map(copyOf);
  if (typeof original !== 'object' || original === null) return original;
  return Object.fromEntries(
    Object.entries(original)
      .reverse()
      .map(([key, item]) => [key, copyOf(item)]),
  );
}

describe('values', () => {
  it('accepts every value of the model', () => {
    fc.assert(fc.property(value, (any) => checkValue(any).ok));
  });

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['NaN', Number.NaN],
    ['infinity', [1, Number.POSITIVE_INFINITY]],
    ['half a surrogate pair', 'a\ud800'],
    ['a key with half a surrogate pair', { '\udc00': 1 }],
    ['an integer of more than 64 bits', 2n ** 64n],
    ['a float array', Float32Array.of(1)],
    ['a date', { at: new Date(0) }],
    ['a Map', new Map()],
    ['a key that reaches the prototype', JSON.parse('{"a":{"__proto__":1}}')],
    ['a constructor key', { constructor: 1 }],
    ['a long key', { ['k'.repeat(129)]: 1 }],
  ])('refuses %s (S4)', (_, wrong) => {
    expect(checkValue(wrong)).toMatchObject({ ok: false, refusal: { code: 'field.invalid' } });
  });

  it('refuses what nests too deep, a circle included', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(checkValue(circle).ok).toBe(false);
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    expect(checkValue(nested(16)).ok).toBe(true);
    expect(checkValue(nested(17)).ok).toBe(false);
  });

  it('is equal to its copy, whatever the order of the keys (S5)', () => {
    fc.assert(fc.property(value, (any) => sameValue(any, copyOf(any))));
  });

  it('compares like a canonical text of the two', () => {
    fc.assert(
      fc.property(
        value,
        value,
        (left, right) => sameValue(left, right) === (canonical(left) === canonical(right)),
      ),
    );
  });

  it('takes numbers by value across integer types (S5)', () => {
    expect(sameValue(5, 5n)).toBe(true);
    expect(sameValue({ a: [0] }, { a: [-0] })).toBe(true);
    expect(sameValue(2n ** 53n + 1n, 2 ** 53)).toBe(false);
    expect(sameValue(5.5, 5n)).toBe(false);
    expect(sameValue('5', 5n)).toBe(false);
  });

  it('tells absence from null, lists from maps, and bytes from lists', () => {
    expect(sameValue(undefined, undefined)).toBe(true);
    expect(sameValue(undefined, null)).toBe(false);
    expect(sameValue([], {})).toBe(false);
    expect(sameValue(Uint8Array.of(1), [1])).toBe(false);
    expect(sameValue(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false);
    expect(sameValue({ a: 1 }, { b: 1 })).toBe(false);
    expect(sameValue({ a: 1, b: 1 }, { a: 1 })).toBe(false);
  });

  it.each<[string, unknown, number]>([
    ['a small integer', 23, 1],
    ['an integer of one byte', 24, 2],
    ['an integer of two bytes', 256, 3],
    ['an integer of four bytes', 65_536, 5],
    ['an integer of eight bytes', 2 ** 32, 9],
    ['a negative integer', -24, 1],
    ['a float', 0.5, 9],
    ['a big integer', 2n ** 63n, 9],
    ['ASCII', 'abc', 4],
    ['umlauts', 'ä', 3],
    ['a euro sign', '€', 4],
    ['an emoji', '😀', 5],
    ['bytes', new Uint8Array(300), 303],
    ['a list', [1, true, null], 4],
    ['a map', { a: 1 }, 4],
    ['what is absent', { a: undefined }, 1],
  ])('measures %s as CBOR', (_, any, bytes) => {
    expect(valueBytes(any)).toBe(bytes);
  });
});

function canonical(any: Value): string {
  if (typeof any === 'bigint') return `n${any}`;
  if (typeof any === 'number') return Number.isInteger(any) ? `n${BigInt(any)}` : `f${any}`;
  if (any instanceof Uint8Array) return `b${any.join()}`;
  if (Array.isArray(any)) return `[${(any as readonly Value[]).map(canonical).join()}]`;
  if (typeof any !== 'object' || any === null) return JSON.stringify(any);
  const entries = Object.entries(any).map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`);
  return `{${entries.sort().join()}}`;
}
