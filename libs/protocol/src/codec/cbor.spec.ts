import { Encoder } from 'cbor-x';
import fc from 'fast-check';
import { decodeCbor, decodeCborSequence, encodeCbor } from './cbor';
import { FROM_SERVER } from './decode-error';
import { isWellFormed } from './wire-values';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

const text = fc.string({ unit: 'grapheme', maxLength: 100, size: 'medium' }).filter(isWellFormed);
const key = text.filter((candidate) => candidate !== '__proto__');
const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
  text,
  fc.uint8Array({ maxLength: 300, size: 'large' }),
  fc.float32Array({ maxLength: 20, size: 'max' }),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small', maxDepth: 6 }, scalar, tie('array'), tie('map')),
  array: fc.array(tie('value'), { maxLength: 30, size: 'small' }),
  map: fc.dictionary(key, tie('value'), { maxKeys: 30, noNullPrototype: true }),
}));

describe('CBOR', () => {
  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(value, (original) => {
        expect(decodeCbor(encodeCbor(original), FROM_SERVER)).toEqual(original);
      }),
      { numRuns: 200 },
    );
  });

  it('writes what an independent implementation reads as the same value', () => {
    const other = new Encoder({ useRecords: false, mapsAsObjects: true });
    fc.assert(
      fc.property(value, (original) => {
        expect(decodeCbor(encodeCbor(other.decode(encodeCbor(original))), FROM_SERVER)).toEqual(original);
      }),
    );
  });

  it('reads what an independent implementation writes', () => {
    const other = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false });
    fc.assert(
      fc.property(value, (original) => {
        expect(decodeCbor(new Uint8Array(other.encode(original)), FROM_SERVER)).toEqual(original);
      }),
    );
  });

  it('writes the examples of RFC 8949, appendix A', () => {
    const examples: readonly (readonly [unknown, string])[] = [
      [0, '00'],
      [23, '17'],
      [24, '1818'],
      [1000, '1903e8'],
      [1000000, '1a000f4240'],
      [1000000000000, '1b000000e8d4a51000'],
      [-1, '20'],
      [-1000, '3903e7'],
      [2n ** 63n - 1n, '1b7fffffffffffffff'],
      [-(2n ** 63n), '3b7fffffffffffffff'],
      [1.1, 'fb3ff199999999999a'],
      [100000.5, 'fa47c35040'],
      [Number.NaN, 'f97e00'],
      [Number.POSITIVE_INFINITY, 'fa7f800000'],
      [false, 'f4'],
      [true, 'f5'],
      [null, 'f6'],
      [new Uint8Array([1, 2, 3, 4]), '4401020304'],
      ['', '60'],
      ['ü', '62c3bc'],
      ['𐅑', '64f0908591'],
      [[], '80'],
      [[1, [2, 3], [4, 5]], '8301820203820405'],
      [{}, 'a0'],
      [{ a: 1, b: [2, 3] }, 'a26161016162820203'],
    ];
    for (const [example, expected] of examples) expect(hex(encodeCbor(example))).toBe(expected);
  });

  it('writes a Float32Array as tag 85 and reads it into memory of its own (RFC 8746)', () => {
    const bytes = encodeCbor(new Float32Array([1, -0.5]));
    expect(hex(bytes)).toBe('d855480000803f000000bf');
    const decoded = decodeCbor(bytes);
    bytes.fill(0);
    expect(decoded).toEqual(new Float32Array([1, -0.5]));
  });

  it('reads byte strings into memory of their own, never as a Buffer', () => {
    const input = Buffer.from('43010203', 'hex');
    const decoded = decodeCbor(input);
    input.fill(0);
    expect(decoded).toEqual(new Uint8Array([1, 2, 3]));
    expect(Buffer.isBuffer(decoded)).toBe(false);
  });

  it('leaves undefined fields out', () => {
    expect(hex(encodeCbor({ a: undefined, b: 1, c: undefined }))).toBe('a1616201');
  });

  it('makes a number of every integer that a number holds, whatever its form (S5)', () => {
    expect(decodeCbor(bytesOf('1b 00000000 00000005'))).toBe(5);
    expect(decodeCbor(bytesOf('3b 00000001 00000000'))).toBe(-4294967297);
    expect(decodeCbor(bytesOf('a1 6161 82 1b 001fffffffffffff 3b 001ffffffffffffe'))).toEqual({
      a: [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
    });
    expect(hex(encodeCbor(5n))).toBe('05');
  });

  it('keeps wider integers as bigint where the server is read', () => {
    expect(decodeCbor(bytesOf('1b 0020000000000000'), FROM_SERVER)).toBe(2n ** 53n);
    expect(decodeCbor(bytesOf('3b 001fffffffffffff'), FROM_SERVER)).toBe(-(2n ** 53n));
  });

  it('takes text with a byte order mark and the names of object methods as they are', () => {
    const original = { '\ufeffa': 1, a: 2, constructor: 3, toString: 4, hasOwnProperty: 5 };
    expect(decodeCbor(encodeCbor(original))).toEqual(original);
  });

  it.each([
    ['a Date', new Date(0)],
    ['a Map', new Map()],
    ['a function', () => 1],
    ['undefined in an array', [undefined]],
    ['a lone surrogate', 'a\ud800'],
    ['a lone surrogate in a long text', `${'x'.repeat(100)}\udc00`],
    ['a key with a lone surrogate', { '\ud800': 1 }],
    ['a key __proto__', JSON.parse('{"__proto__": 1}')],
    ['an integer beyond 64 bits', 2n ** 63n],
    ['a Float64Array', new Float64Array(1)],
  ])('refuses to encode %s: a mistake of ours', (_what, mistake: unknown) => {
    expect(() => encodeCbor(mistake)).toThrow(TypeError);
    expect(hex(encodeCbor({ ok: true }))).toBe('a1626f6bf5');
  });

  it('grows for large values and keeps no reference to what it handed out', () => {
    const large = { text: 'ä'.repeat(100_000), bytes: new Uint8Array(3_000_000).fill(7) };
    const first = encodeCbor(large);
    const copy = first.slice();
    encodeCbor({ other: 'x'.repeat(200_000) });
    expect(Buffer.compare(first, copy)).toBe(0);
    const decoded = decodeCbor(first) as typeof large;
    expect(decoded.text).toBe(large.text);
    expect(Buffer.compare(decoded.bytes, large.bytes)).toBe(0);
  });

  it('reads a sequence item by item (RFC 8742)', () => {
    expect(decodeCborSequence(bytesOf('01 a16161 02 8103'))).toEqual([1, { a: 2 }, [3]]);
    expect(decodeCborSequence(new Uint8Array(0))).toEqual([]);
    expect(() => decodeCborSequence(bytesOf('01 a1 6161'))).toThrow('ends where an item should begin');
  });
});
