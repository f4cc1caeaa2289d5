import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fuzzBudget } from '@state-server/testing';
import fc from 'fast-check';
import { StateError } from '../errors/state-error';
import { readClientFrame } from '../frames/parse-client-frame';
import { decodeCbor, decodeCborSequence, encodeCbor } from './cbor';
import { hostileCbor, mutated } from './cbor-bytes.spec-support';
import { DecodeError, type DecodeOptions } from './decode-error';
import { decodeJson, encodeJson } from './json';

const budget = fuzzBudget(fc, 'libs/protocol/jest.config.cjs', () => expect.getState());

const GOLDEN = join(__dirname, '../golden');
const golden = readdirSync(GOLDEN).map(
  (file) => JSON.parse(readFileSync(join(GOLDEN, file), 'utf8')) as Golden,
);
const frames = golden.map(({ cbor }) => new Uint8Array(Buffer.from(cbor, 'hex')));
const texts = golden.map(({ json }) => JSON.stringify(json));

interface Golden {
  readonly json: unknown;
  readonly cbor: string;
}

type Read = { readonly taken: true; readonly value: unknown } | { readonly taken: false };

/** What a decoder makes of its input; it may throw nothing but a DecodeError. */
function read<Input>(
  decode: (input: Input, options?: DecodeOptions) => unknown,
  input: Input,
  options?: DecodeOptions,
): Read {
  try {
    return { taken: true, value: decode(input, options) };
  } catch (error) {
    if (error instanceof DecodeError) return { taken: false };
    throw error;
  }
}

const isReserved = (keys: readonly string[]): boolean =>
  keys.length === 1 && (keys[0] === '$int' || keys[0] === '$bytes');

type Json = 'lossless' | 'has none';

/** Items, characters and bytes that a value holds; each takes at least a byte on the wire. */
function weigh(value: unknown): number {
  if (typeof value === 'string') return 1 + value.length;
  if (value instanceof Uint8Array || value instanceof Float32Array) return 1 + value.byteLength;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + weigh(item), 1);
  if (typeof value !== 'object' || value === null) return 1;
  return Object.entries(value).reduce((sum, [key, item]) => sum + weigh(key) + weigh(item), 1);
}

/** Infinite numbers have no JSON form, and a map of `$int` or `$bytes` alone is taken for what it says (S5). */
function jsonForm(value: unknown): Json {
  const all = (items: readonly unknown[]): Json =>
    items.every((item) => jsonForm(item) === 'lossless') ? 'lossless' : 'has none';
  if (typeof value === 'number') return Number.isFinite(value) ? 'lossless' : 'has none';
  if (value instanceof Float32Array) return all([...value]);
  if (Array.isArray(value)) return all(value);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 'lossless';
  return isReserved(Object.keys(value)) ? 'has none' : all(Object.values(value));
}

/** As it comes out of JSON: typed arrays are arrays of their numbers. No number has a sign of zero on the wire. */
function plain(value: unknown, arrays: 'kept' | 'plain'): unknown {
  if (typeof value === 'number') return value === 0 ? 0 : value;
  if (value instanceof Float32Array)
    return arrays === 'plain' ? plain([...value], arrays) : value.map((n) => n + 0);
  if (Array.isArray(value)) return value.map((item) => plain(item, arrays));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, arrays)]));
}

/** What is accepted has one canonical form, and the same meaning in both formats. A JSON form may have more items. */
function assertSound(value: unknown, bytes: number, integers: 'safe' | 'int64'): void {
  expect(weigh(value)).toBeLessThanOrEqual(bytes);
  const canonical = encodeCbor(value);
  const again = decodeCbor(canonical, { integers });
  expect(plain(again, 'kept')).toEqual(plain(value, 'kept'));
  expect(encodeCbor(again)).toEqual(canonical);
  if (jsonForm(value) !== 'lossless') return;
  expect(decodeJson(encodeJson(value), { integers, maxDepth: 40 })).toEqual(plain(value, 'plain'));
}

describe('any bytes', () => {
  const anything = fc.oneof(
    { weight: 5, arbitrary: hostileCbor },
    { weight: 3, arbitrary: mutated(frames) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }) },
  );
  const options = fc.constantFrom<DecodeOptions | undefined>(
    undefined,
    { integers: 'int64' },
    { maxItems: 10, maxDepth: 3 },
  );

  it(
    'are refused, or taken for a value with one canonical form and the same in JSON (CODEC-1, S5)',
    () => {
      const taken = { yes: 0, no: 0 };
      fc.assert(
        fc.property(anything, options, (bytes, option) => {
          const before = bytes.slice();
          const result = read(decodeCbor, bytes, option);
          taken[result.taken ? 'yes' : 'no'] += 1;
          if (result.taken) assertSound(result.value, bytes.length, option?.integers ?? 'safe');
          expect(bytes).toEqual(before);
        }),
        budget.parameters(3_000),
      );
      // Otherwise the generator tries one side alone.
      if (taken.yes + taken.no > 1_000) expect(Math.min(taken.yes, taken.no)).toBeGreaterThan(500);
    },
    budget.timeoutMs,
  );

  it(
    'one behind the other are the items one by one (CODEC-1)',
    () => {
      fc.assert(
        fc.property(fc.array(anything, { maxLength: 4 }), (items) => {
          const each = items.map((bytes) => read(decodeCbor, bytes));
          const all = read(decodeCborSequence, new Uint8Array(Buffer.concat(items)));
          if (!each.every(({ taken }) => taken)) return;
          expect(all).toEqual({ taken: true, value: each.map((one) => one.taken && one.value) });
        }),
        budget.parameters(800),
      );
    },
    budget.timeoutMs,
  );

  it(
    'are a frame, or refused with a code of the table (CODEC-1, RT-5)',
    () => {
      fc.assert(
        fc.property(anything, (bytes) => {
          assertFrame(bytes);
        }),
        budget.parameters(2_000),
      );
    },
    budget.timeoutMs,
  );
});

function assertFrame(data: Uint8Array | string): void {
  try {
    const frame = readClientFrame(data);
    expect(plain(readClientFrame(encodeCbor(frame)), 'kept')).toEqual(plain(frame, 'kept'));
    expect(plain(readClientFrame(encodeJson(frame)), 'kept')).toEqual(plain(frame, 'kept'));
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    expect(error.code).toMatch(/^frame\.(malformed|invalid|unknown_type)$|^transform\.not_finite$/);
  }
}

describe('any text', () => {
  const literal = fc.constantFrom(
    ...[
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '\\u',
      '\\ud800',
      '1e999',
      '-0',
      '9007199254740993',
      '1E400',
      '0.1',
    ],
    ...[
      '"$int":"5"',
      '{"$int":"9223372036854775808"}',
      '{"$bytes":"AA="}',
      '"__proto__":1',
      '"a":1,"a":2',
      'null',
      '\u0000',
    ],
  );
  const spliced = fc
    .tuple(fc.constantFrom(...texts), fc.array(fc.tuple(fc.nat(3_000), fc.nat(6), literal), { maxLength: 3 }))
    .map(([text, changes]) =>
      changes.reduce((result, [at, remove, insert]) => {
        const from = at % (result.length + 1);
        return result.slice(0, from) + insert + result.slice(from + remove);
      }, text),
    );
  const anything = fc.oneof(
    { weight: 4, arbitrary: spliced },
    { weight: 2, arbitrary: fc.json({ noUnicodeString: false }) },
    { weight: 1, arbitrary: fc.array(literal, { maxLength: 12 }).map((parts) => parts.join('')) },
  );

  it(
    'is refused, or taken for a value that is the same in CBOR (CODEC-1, S5)',
    () => {
      fc.assert(
        fc.property(anything, (text) => {
          const result = read(decodeJson, text);
          if (!result.taken) return;
          expect(decodeCbor(encodeCbor(result.value))).toEqual(plain(result.value, 'kept'));
          if (jsonForm(result.value) === 'lossless')
            expect(decodeJson(encodeJson(result.value), { maxDepth: 40 })).toEqual(
              plain(result.value, 'plain'),
            );
        }),
        budget.parameters(3_000),
      );
    },
    budget.timeoutMs,
  );

  it(
    'is a frame, or refused with a code of the table (CODEC-1, RT-5)',
    () => {
      fc.assert(
        fc.property(anything, (text) => {
          assertFrame(text);
        }),
        budget.parameters(1_000),
      );
    },
    budget.timeoutMs,
  );
});
