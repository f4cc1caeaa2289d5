import fc from 'fast-check';
import { decodeCbor, encodeCbor } from './cbor';
import { inspectCbor } from './cbor-guard';
import { DecodeError, type DecodeReason } from './decode-error';

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const keyed = (count: number, key: (i: number) => string): string =>
  `b9${count.toString(16).padStart(4, '0')}` +
  Array.from({ length: count }, (_, i) => Buffer.from(encodeCbor(key(i))).toString('hex') + '00').join('');

function reasonOf(bytes: Uint8Array): DecodeReason | 'taken' {
  try {
    decodeCbor(bytes);
    return 'taken';
  } catch (error) {
    if (error instanceof DecodeError) return error.reason;
    throw error;
  }
}

/** What a client may send to hurt, and why it is refused. */
const HOSTILE: readonly (readonly [what: string, bytes: string, reason: DecodeReason])[] = [
  ['nothing', '', 'empty'],
  ['an integer cut off', '19 01', 'truncated'],
  ['a 64-bit integer cut off', '1b 00000000', 'truncated'],
  ['a float cut off', 'fb 3ff1', 'truncated'],
  ['a tag without content', 'd855', 'truncated'],
  ['text longer than the input', '65 6162', 'truncated'],
  ['bytes longer than the input', '5a 7fffffff 00', 'truncated'],
  ['bytes of 2^64 − 1', '5b ffffffffffffffff', 'truncated'],
  ['text of 2^53', '7b 0020000000000000', 'truncated'],
  ['an array of 2^32 − 1 elements', '9a ffffffff 00', 'truncated'],
  ['an array of 2^64 − 1 elements', '9b ffffffffffffffff', 'truncated'],
  ['a map of 2^32 − 1 entries', 'ba ffffffff 6161 00', 'truncated'],
  ['a map that ends after a key', 'a1 6161', 'truncated'],
  ['an array that ends early', '82 01', 'truncated'],
  ['a second item behind the first', '01 02', 'trailing_bytes'],
  ['a byte behind a map', 'a0 00', 'trailing_bytes'],
  ['33 arrays within each other', `${'81'.repeat(33)}00`, 'too_deep'],
  ['33 maps within each other', `${'a16161'.repeat(33)}00`, 'too_deep'],
  ['100,000 arrays within each other', '81'.repeat(100_000), 'too_deep'],
  ['an empty array as the 33rd level', '81'.repeat(32) + '80', 'too_deep'],
  ['reserved additional information 28', '1c', 'reserved'],
  ['reserved additional information 29 in text', '7d', 'reserved'],
  ['reserved additional information 30 in a tag', 'de00', 'reserved'],
  ['reserved additional information 28 in a simple value', 'fc', 'reserved'],
  ['bytes of indefinite length', '5f 4101 ff', 'indefinite_length'],
  ['text of indefinite length', '7f 6161 ff', 'indefinite_length'],
  ['an array of indefinite length', '9f 01 ff', 'indefinite_length'],
  ['a map of indefinite length', 'bf 6161 01 ff', 'indefinite_length'],
  ['an integer of indefinite length', '1f', 'indefinite_length'],
  ['a break of its own', 'ff', 'indefinite_length'],
  ['a bignum', 'c2 49 010000000000000000', 'bignum'],
  ['a negative bignum', 'c3 49 010000000000000000', 'bignum'],
  ['a bignum with a long tag', 'd90002 41 01', 'bignum'],
  ['a bignum of 256 KiB', `c2 5a 00040000 ${'ff'.repeat(262_144)}`, 'bignum'],
  ['a date as text (tag 0)', 'c0 60', 'unknown_tag'],
  ['a date as a number (tag 1)', 'c1 00', 'unknown_tag'],
  ['a decimal fraction (tag 4)', 'c4 82 21 19 6ab3', 'unknown_tag'],
  ['an object of a class, RegExp say (tag 27)', 'd81b 83 66 526567457870 61 28 60', 'unknown_tag'],
  ['a shared value (tag 28)', 'd81c 80', 'unknown_tag'],
  ['packed values (tag 51)', 'd833 84 80 80 80 00', 'unknown_tag'],
  ['float32 big endian (tag 81)', 'd851 44 3f800000', 'unknown_tag'],
  ['float64 (tag 86)', 'd856 48 000000000000f03f', 'unknown_tag'],
  ['a set (tag 258)', 'd90102 80', 'unknown_tag'],
  ['a map kept as a map (tag 259)', 'd90103 a0', 'unknown_tag'],
  ['a record of cbor-x (tag 57343)', 'd9dfff 83 19 e000 81 6161 01', 'unknown_tag'],
  ['bundled strings of cbor-x (tag 57337)', 'd9dff9 82 00 00', 'unknown_tag'],
  ['self-described CBOR (tag 55799)', 'd9d9f7 00', 'unknown_tag'],
  ['a tag of 64 bits', 'db 0000000100000055 44 00000000', 'unknown_tag'],
  ['a typed array of text', 'd855 64 61626364', 'typed_array'],
  ['a typed array of seven bytes', 'd855 47 00000000000000', 'typed_array'],
  ['a typed array within a typed array', 'd855 d855 40', 'typed_array'],
  ['2^53', '1b 0020000000000000', 'integer_too_large'],
  ['2^64 − 1', '1b ffffffffffffffff', 'integer_too_large'],
  ['−2^53', '3b 001fffffffffffff', 'integer_too_large'],
  ['−2^64', '3b ffffffffffffffff', 'integer_too_large'],
  ['undefined', 'f7', 'undefined_value'],
  ['undefined as a field', 'a1 6161 f7', 'undefined_value'],
  ['an unassigned simple value', 'f0', 'simple_value'],
  ['a simple value of two bytes', 'f8ff', 'simple_value'],
  ['a packed reference (simple value 0)', 'e0', 'simple_value'],
  ['an integer as a key', 'a1 01 02', 'key_not_text'],
  ['bytes as a key', 'a1 41 61 02', 'key_not_text'],
  ['null as a key', 'a1 f6 02', 'key_not_text'],
  ['a map as a key', 'a1 a0 02', 'key_not_text'],
  ['a tagged key', 'a1 d855 40 02', 'key_not_text'],
  ['text with a length of 64 bits', '7b 0000000000000001 61', 'wide_length'],
  ['a key with a length of 64 bits', 'a1 7b 0000000000000001 61 00', 'wide_length'],
  ['bytes with a length of 64 bits behind text', '83 62c280 5b 0000000000000002 6162 6178', 'wide_length'],
  ['a typed array with a length of 64 bits', 'd855 5b 0000000000000004 00000000', 'wide_length'],
  ['a key twice', 'a2 6161 01 6161 02', 'duplicate_key'],
  ['a key twice, its length written differently', 'a2 6161 01 7801 61 02', 'duplicate_key'],
  ['a key twice in an inner map', 'a1 6161 a2 6162 01 6162 02', 'duplicate_key'],
  ['a key twice around an inner map', 'a2 6161 a1 6161 01 6161 02', 'duplicate_key'],
  ['a key twice in a large map', keyed(20, (i) => (i === 19 ? 'k3' : `k${i}`)), 'duplicate_key'],
  [
    'a first key again at the end of a large map',
    keyed(13, (i) => (i === 12 ? 'k0' : `k${i}`)),
    'duplicate_key',
  ],
  ['a key __proto__', 'a1 69 5f5f70726f746f5f5f 01', 'forbidden_key'],
  ['a key __proto__ with a long length', 'a1 79 0009 5f5f70726f746f5f5f a0', 'forbidden_key'],
  [
    'a key __proto__ in a large map',
    keyed(20, (i) => (i === 9 ? 'k' : `k${i}`)).replace('616b', '695f5f70726f746f5f5f'),
    'forbidden_key',
  ],
  ['a lone continuation byte', '61 80', 'bad_text'],
  ['a sequence cut off', '62 c3 28', 'bad_text'],
  ['a sequence that goes past its text', '82 61 c3 61 a9', 'bad_text'],
  ['an overlong slash', '62 c0af', 'bad_text'],
  ['an overlong slash in three bytes', '63 e080af', 'bad_text'],
  ['a surrogate in UTF-8', '63 eda080', 'bad_text'],
  ['a code point above U+10FFFF', '64 f4908080', 'bad_text'],
  ['an overlong sequence of four bytes', '64 f0808080', 'bad_text'],
  ['a byte that UTF-8 never has', '61 fe', 'bad_text'],
  ['bad UTF-8 in a key', 'a1 61 ff 00', 'bad_text'],
  ['300,000 items', `9a 000493e0 ${'00'.repeat(300_000)}`, 'too_many_items'],
];

describe('the guard in front of cbor-x', () => {
  it.each(HOSTILE)('refuses %s', (_what, bytes, reason) => {
    expect(reasonOf(bytesOf(bytes))).toBe(reason);
  });

  it('takes what is at the bounds', () => {
    const good = [
      `${'81'.repeat(32)}00`,
      'a1 6161'.repeat(32) + '00',
      '1b 001fffffffffffff',
      '3b 001ffffffffffffe',
      'f97e00',
      'fa7f800000',
      '64 f48fbfbf',
      '63 ed9fbf',
      'd855 40',
      `9a 00030d3f ${'00'.repeat(199_999)}`,
      keyed(12, (i) => `k${i}`),
      keyed(500, (i) => `k${i}`),
      'a2 6161 a1 6161 01 6162 a1 6161 02',
    ];
    for (const bytes of good) expect(reasonOf(bytesOf(bytes))).toBe('taken');
  });

  it('keeps 64-bit integers of the server within 64 bits', () => {
    const options = { integers: 'int64' } as const;
    expect(inspectCbor(bytesOf('1b 7fffffffffffffff'), 0, options)).toEqual({ end: 9, wide: true });
    expect(() => inspectCbor(bytesOf('1b 8000000000000000'), 0, options)).toThrow('beyond 64 bits');
    expect(() => inspectCbor(bytesOf('3b 8000000000000000'), 0, options)).toThrow('beyond 64 bits');
  });

  it('says where', () => {
    expect(() => decodeCbor(bytesOf('83 01 02 f7'))).toThrow('(at 3)');
    expect(() => decodeCbor(bytesOf('a1 6161 61 ff'))).toThrow('(at 4)');
  });

  it('never throws anything but a DecodeError, and never lets cbor-x fail', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(typeof reasonOf(bytes)).toBe('string');
      }),
      { numRuns: 5000 },
    );
  });

  it('refuses or reads every message with one byte changed', () => {
    const message = encodeCbor({ type: 'x', list: [1, 'ü', { deep: new Float32Array([1]) }], big: 2 ** 40 });
    fc.assert(
      fc.property(fc.nat(message.length - 1), fc.nat(255), (at, byte) => {
        const changed = message.slice();
        changed[at] = byte;
        expect(typeof reasonOf(changed)).toBe('string');
      }),
      { numRuns: 3000 },
    );
  });

  it('refuses every message that is cut off', () => {
    const message = encodeCbor({ type: 'x', list: [1, 'ü', { deep: new Float32Array([1]) }], big: 2 ** 40 });
    for (let length = 1; length < message.length; length++) {
      expect(reasonOf(message.subarray(0, length))).toBe('truncated');
    }
  });
});
