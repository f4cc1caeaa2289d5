import fc from 'fast-check';

const UTF8 = new TextEncoder();

/** A head of RFC 8949: major type and argument, in the shortest form or in a wider one. */
function head(major: number, argument: bigint, width: 0 | 1 | 2 | 4 | 8): number[] {
  if (width === 0 && argument < 24n) return [(major << 5) | Number(argument)];
  const least = argument < 0x100n ? 1 : argument < 0x10000n ? 2 : argument < 0x100000000n ? 4 : 8;
  const bytes = Math.max(width, least);
  const info = 24 + Math.log2(bytes);
  const rest = Array.from({ length: bytes }, (_, i) =>
    Number((argument >> BigInt(8 * (bytes - 1 - i))) & 0xffn),
  );
  return [(major << 5) | info, ...rest];
}

const width = fc.constantFrom(0, 0, 0, 1, 2, 4, 8);
const INTEGERS = [
  0n,
  23n,
  24n,
  255n,
  65_535n,
  2n ** 32n - 1n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const argument = fc.oneof(fc.constantFrom(...INTEGERS), fc.bigInt(0n, 1_000n), fc.bigInt(0n, 2n ** 64n - 1n));

/** Mostly the length that it has; now and then one that promises more, or less. */
const lie = fc.oneof({ weight: 30, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: argument });

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('type', 'id', 'ops', 'op', 'set', '__proto__', 'constructor', '$int', '$bytes', ''),
);
const textBytes = fc.oneof(
  { weight: 20, arbitrary: text.map((value) => [...UTF8.encode(value)]) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 6 }).map((bytes) => [...bytes]) },
);

const string = (major: 2 | 3, content: fc.Arbitrary<number[]>) =>
  fc
    .tuple(content, width, lie)
    .map(([bytes, wide, lied]) => [...head(major, lied ?? BigInt(bytes.length), wide), ...bytes]);

const bytes = string(
  2,
  fc.uint8Array({ maxLength: 16 }).map((content) => [...content]),
);
const key = string(3, textBytes);
const float = (initial: 0xf9 | 0xfa | 0xfb, length: 2 | 4 | 8) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((content) => [initial, ...content]);

const scalar = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom(0, 1), argument, width).map(([m, a, w]) => head(m, a, w)),
  },
  { weight: 4, arbitrary: bytes },
  { weight: 4, arbitrary: key },
  { weight: 3, arbitrary: fc.constantFrom([0xf4], [0xf5], [0xf6]) },
  { weight: 1, arbitrary: float(0xf9, 2) },
  { weight: 2, arbitrary: float(0xfa, 4) },
  { weight: 2, arbitrary: float(0xfb, 8) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3 }).map((content) => [...content]) },
);

const TAGS = [0n, 1n, 2n, 3n, 4n, 24n, 27n, 28n, 51n, 81n, 85n, 85n, 85n, 86n, 258n, 259n, 55_799n, 57_343n];

interface Shapes {
  readonly item: number[];
  readonly array: number[];
  readonly map: number[];
  readonly tag: number[];
  readonly indefinite: number[];
}

const shapes = fc.letrec((tie: fc.LetrecTypedTie<Shapes>) => ({
  item: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    { weight: 8, arbitrary: scalar },
    { weight: 4, arbitrary: tie('array') },
    { weight: 6, arbitrary: tie('map') },
    { weight: 1, arbitrary: tie('tag') },
    { weight: 1, arbitrary: tie('indefinite') },
  ),
  array: fc
    .tuple(fc.array(tie('item'), { maxLength: 5 }), width, lie)
    .map(([items, wide, lied]) => [...head(4, lied ?? BigInt(items.length), wide), ...items.flat()]),
  map: fc
    .tuple(
      fc.array(fc.tuple(fc.oneof({ weight: 30, arbitrary: key }, tie('item')), tie('item')), {
        maxLength: 5,
      }),
      width,
      lie,
    )
    .map(([entries, wide, lied]) => [...head(5, lied ?? BigInt(entries.length), wide), ...entries.flat(2)]),
  tag: fc
    .tuple(fc.constantFrom(...TAGS), width, tie('item'))
    .map(([tag, wide, content]) => [...head(6, tag, wide), ...content]),
  indefinite: fc
    .tuple(fc.constantFrom(2, 3, 4, 5), fc.array(tie('item'), { maxLength: 3 }), fc.boolean())
    .map(([major, items, ends]) => [(major << 5) | 31, ...items.flat(), ...(ends ? [0xff] : [])]),
}));

const floats = fc
  .array(fc.float({ noNaN: true }), { maxLength: 20 })
  .map((list) => [
    ...head(6, 85n, 0),
    ...head(2, BigInt(list.length * 4), 0),
    ...new Uint8Array(Float32Array.from(list).buffer),
  ]);

/** `depth` maps or arrays within each other, around an item. */
const nested = fc
  .tuple(fc.integer({ min: 0, max: 70 }), fc.boolean(), scalar)
  .map(([depth, maps, inner]) => [
    ...Array.from({ length: depth }, () => (maps ? [0xa1, 0x61, 0x61] : [0x81])).flat(),
    ...inner,
  ]);

/** CBOR by its grammar: mostly well-formed, with all that a hostile client may put into it. */
export const hostileCbor: fc.Arbitrary<Uint8Array> = fc
  .oneof({ weight: 12, arbitrary: shapes.item }, floats, nested)
  .map((list) => Uint8Array.from(list));

interface Change {
  readonly at: number;
  readonly remove: number;
  readonly insert: Uint8Array;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(2_000),
  remove: fc.oneof(fc.constantFrom(0, 1), fc.nat(40)),
  insert: fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    argument.chain((value) =>
      fc.constantFrom(0, 2, 3, 4, 5, 6).map((major) => Uint8Array.from(head(major, value, 0))),
    ),
    hostileCbor,
  ),
});

/** One of the messages with a few places changed: bytes lost, put in, replaced. */
export function mutated(messages: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.constantFrom(...messages), fc.array(change, { maxLength: 3 }))
    .map(([message, changes]) => {
      let result = message;
      for (const { at, remove, insert } of changes) {
        const from = at % (result.length + 1);
        result = Uint8Array.from([...result.subarray(0, from), ...insert, ...result.subarray(from + remove)]);
      }
      return result;
    });
}
