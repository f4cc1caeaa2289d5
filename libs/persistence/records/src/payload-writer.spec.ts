import { decode } from 'cbor-x';
import fc from 'fast-check';
import { VALUE_HEAD_BYTES, VALUE_TAIL_BYTES } from './envelope';
import { decodeDraft, encodeDraft } from './payload';
import { PayloadWriter } from './payload-writer';

const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.float(),
  fc.constantFrom(-1, -24, -25, -257, 2 ** 31, -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32),
);
const leaf = fc.oneof(
  number,
  fc.string({ unit: 'binary', maxLength: 90 }),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 300 }),
  fc.float32Array({ maxLength: 20 }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { maxLength: 30 }),
    fc.dictionary(fc.string({ maxLength: 60 }), tie('value'), { maxKeys: 40 }),
  ),
}));
/** Keys that the decoder renames for safety, in all encodings alike. */
const isOrdinary = (document: unknown): boolean =>
  !JSON.stringify(document, (_, field: unknown) => (typeof field === 'bigint' ? 0 : field)).includes(
    '__proto__',
  );

const payloadOf = (draft: Buffer): Uint8Array =>
  new Uint8Array(draft.subarray(VALUE_HEAD_BYTES, draft.length - VALUE_TAIL_BYTES));

describe('the writer of documents', () => {
  it('writes what the decoder reads as the same document', () => {
    const writer = new PayloadWriter();
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value, { maxKeys: 30 }).filter(isOrdinary), (fields) => {
        const document = { ...fields };
        const draft = writer.encode(document);
        expect(draft && normal(decode(payloadOf(draft)))).toEqual(normal(document));
      }),
      { numRuns: 150 },
    );
  });

  it('gives every document bytes of its own, in one piece of memory or over into the next', () => {
    const writer = new PayloadWriter();
    const documents = Array.from({ length: 150 }, (_, index) => ({
      index,
      bytes: new Uint8Array((index * 37) % 900).fill(index),
    }));
    const large = {
      bytes: new Uint8Array(80_000).fill(9),
      after: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, i])),
    };
    const drafts = [...documents, large, ...documents].map((document) => writer.encode(document));
    const read = drafts.map((draft) => draft && decodeDraft(draft));
    expect(read).toEqual([...documents, large, ...documents]);
  });

  it('leaves what is not plain to the general encoder, and nothing of it behind', () => {
    const writer = new PayloadWriter();
    for (const odd of [1n, new Map([['a', 1]]), new Date(0), Symbol('x')])
      expect(writer.encode({ before: 'x'.repeat(500), odd })).toBeUndefined();
    const draft = writer.encode({ plain: true });
    expect(draft && decodeDraft(draft)).toEqual({ plain: true });
    expect(decodeDraft(encodeDraft('meta', { big: 2n ** 60n, small: 7 }))).toEqual({
      big: 2n ** 60n,
      small: 7,
    });
  });
});

/** −0 is 0 in the store; class and realm of byte arrays do not matter. */
function normal(item: unknown): unknown {
  if (item === 0) return 0;
  if (item instanceof Uint8Array || item instanceof Float32Array) return Array.from(item, (each) => each);
  if (Array.isArray(item)) return item.map(normal);
  if (typeof item !== 'object' || item === null) return item;
  return Object.fromEntries(Object.entries(item).map(([key, field]) => [key, normal(field)]));
}
