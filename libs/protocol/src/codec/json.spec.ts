import fc from 'fast-check';
import { decodeCbor, encodeCbor } from './cbor';
import { DecodeError, type DecodeReason, FROM_SERVER } from './decode-error';
import { decodeJson, encodeJson } from './json';
import { isWellFormed } from './wire-values';

const text = fc.string({ unit: 'grapheme', maxLength: 100, size: 'medium' }).filter(isWellFormed);
/** A map of just one of these keys is the JSON form of something else; schemas refuse it (isValueMap). */
const key = text.filter((candidate) => !['__proto__', '$int', '$bytes'].includes(candidate));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 6 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    text,
    fc.uint8Array({ maxLength: 300, size: 'max' }),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
    tie('array'),
    tie('map'),
  ),
  array: fc.array(tie('value'), { maxLength: 20, size: 'max' }),
  map: fc.dictionary(key, tie('value'), { maxKeys: 20, noNullPrototype: true }),
}));

function reasonOf(input: string): DecodeReason | 'taken' {
  try {
    decodeJson(input);
    return 'taken';
  } catch (error) {
    if (error instanceof DecodeError) return error.reason;
    throw error;
  }
}

const HOSTILE: readonly (readonly [what: string, text: string, reason: DecodeReason])[] = [
  ['nothing', '', 'empty'],
  ['a word', 'NaN', 'bad_json'],
  ['a map cut off', '{"a": 1', 'bad_json'],
  ['two values', '1 2', 'bad_json'],
  ['a comma too many', '[1,]', 'bad_json'],
  ['33 arrays within each other', '['.repeat(33) + ']'.repeat(33), 'too_deep'],
  ['33 maps within each other', '{"a":'.repeat(33) + '1' + '}'.repeat(33), 'too_deep'],
  ['100,000 arrays within each other', '['.repeat(100_000) + ']'.repeat(100_000), 'too_deep'],
  ['a key twice', '{"a": 1, "a": 2}', 'duplicate_key'],
  ['a key twice, once escaped', '{"a": 1, "\\u0061": 2}', 'duplicate_key'],
  ['a key twice around an inner map', '{"a": {"a": 1}, "b": [1, {"c": 2}], "a": 2}', 'duplicate_key'],
  ['a key twice in an inner map', '[{"b": {"x": "y", "x": 1}}]', 'duplicate_key'],
  ['a key __proto__', '{"__proto__": {"admin": true}}', 'forbidden_key'],
  ['an escaped key __proto__', '{"\\u005f_proto__": 1}', 'forbidden_key'],
  ['1e400', '[1e400]', 'number_not_finite'],
  ['a number of 400 digits', '9'.repeat(400), 'number_not_finite'],
  ['2^53 + 1', '9007199254740993', 'integer_too_large'],
  ['−2^53 − 1', '{"a": -9007199254740993}', 'integer_too_large'],
  ['2^53 as an integer', '{"$int": "9007199254740992"}', 'integer_too_large'],
  ['an integer that is no text', '{"$int": 5}', 'bad_integer'],
  ['an integer with a plus', '{"$int": "+5"}', 'bad_integer'],
  ['an integer in hexadecimal', '{"$int": "0x10"}', 'bad_integer'],
  ['an integer of 100 digits', `{"$int": "${'9'.repeat(100)}"}`, 'bad_integer'],
  ['bytes that are no base64', '{"$bytes": "a b="}', 'bad_bytes'],
  ['bytes without padding', '{"$bytes": "YQ"}', 'bad_bytes'],
  ['bytes that are no text', '{"$bytes": [1, 2]}', 'bad_bytes'],
  ['a lone surrogate', '["\\ud800"]', 'bad_text'],
  ['a lone surrogate in a key', '{"\\udfff": 1}', 'bad_text'],
  ['300,000 items', `[${'0,'.repeat(299_999)}0]`, 'too_many_items'],
];

describe('JSON', () => {
  it('gives back what was encoded, integers and bytes included (S5)', () => {
    fc.assert(
      fc.property(value, (original) => {
        expect(decodeJson(encodeJson(original), FROM_SERVER)).toEqual(original);
      }),
      { numRuns: 200 },
    );
  });

  it('means the same as CBOR (S5)', () => {
    fc.assert(
      fc.property(value, (original) => {
        const fromJson = decodeJson(encodeJson(original), FROM_SERVER);
        expect(decodeCbor(encodeCbor(fromJson), FROM_SERVER)).toEqual(
          decodeCbor(encodeCbor(original), FROM_SERVER),
        );
      }),
    );
  });

  it.each(HOSTILE)('refuses %s', (_what, input, reason) => {
    expect(reasonOf(input)).toBe(reason);
  });

  it('takes every JSON that JSON.parse takes, when no rule of ours is broken', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (input) => {
        fc.pre(!input.includes('__proto__') && !input.includes('\\u') && !input.includes('-0'));
        expect(decodeJson(input)).toEqual(JSON.parse(input));
      }),
    );
  });

  it('sees through quotes, backslashes and brackets in text', () => {
    const tricky = { 'a"b': '\\', 'c\\': '"', d: '{"a": [', e: '\\"', 'f,': ',' };
    expect(decodeJson(JSON.stringify(tricky))).toEqual(tricky);
    expect(decodeJson('{"a": "x", "b": ["a", "a", {"a": "a"}], "c": {"a": 1, "b": 2}}')).toEqual({
      a: 'x',
      b: ['a', 'a', { a: 'a' }],
      c: { a: 1, b: 2 },
    });
  });

  it('takes large integers as a double writes them', () => {
    for (const number of [2 ** 53, 2 ** 60, 1e20, 123456789012345680000, -(2 ** 70)]) {
      expect(decodeJson(encodeJson(number))).toBe(number);
    }
    expect(decodeJson('[1e300, 0.1234567890123456789, 9007199254740991]')).toEqual([
      1e300, 0.12345678901234568, 9007199254740991,
    ]);
  });

  it('makes a number of an integer in its long form where a number holds it (S5)', () => {
    expect(decodeJson('{"n": {"$int": "-42"}}')).toEqual({ n: -42 });
    expect(decodeJson('{"n": {"$int": "9007199254740993"}}', FROM_SERVER)).toEqual({ n: 2n ** 53n + 1n });
    expect(() => decodeJson('{"$int": "9223372036854775808"}', FROM_SERVER)).toThrow('beyond 64 bits');
  });

  it('leaves a map alone that has more than the key $int or $bytes', () => {
    expect(decodeJson('{"$int": "5", "b": 1}')).toEqual({ $int: '5', b: 1 });
  });

  it('writes a Float32Array as the array of its numbers', () => {
    expect(encodeJson({ t: new Float32Array([1, 0.5]) })).toBe('{"t":[1,0.5]}');
  });

  it('does not repeat the input in a message about it', () => {
    expect(() => decodeJson('{"password": "hunter2", oops}')).toThrow(/^(?!.*hunter2)/);
  });

  it.each([
    ['NaN', Number.NaN],
    ['infinity in a Float32Array', new Float32Array([Number.POSITIVE_INFINITY])],
    ['a Date', new Date(0)],
    ['undefined', undefined],
    ['undefined in an array', [undefined]],
    ['a lone surrogate', ['\ud800']],
    ['an integer beyond 64 bits', 2n ** 64n],
  ])('refuses to encode %s: a mistake of ours', (_what, mistake: unknown) => {
    expect(() => encodeJson(mistake)).toThrow(TypeError);
  });
});
