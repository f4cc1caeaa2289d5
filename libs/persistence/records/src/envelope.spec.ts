import fc from 'fast-check';
import {
  chunkKey,
  joinChunks,
  openHead,
  openIndexEntry,
  sealIndexEntry,
  sealRecord,
  type SealedRecord,
} from './envelope';

const KEY = '\x01\x00\x02record\x00';
const CHUNKS = '\x01\xff';
const stamp = (low: number): { high: number; low: number } => ({ high: 0xfedcba98, low });
const corrupt = expect.objectContaining({ name: 'StoreError', code: 'corrupt' }) as Error;

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const place = Math.floor(bit / 8) % copy.length;
  copy[place] = (copy[place] ?? 0) ^ (1 << (bit % 8));
  return copy;
}

const payloadOf = (key: string, { head, chunks }: SealedRecord): Uint8Array => {
  const opened = openHead('meta', key, head);
  return opened.chunks === 0 ? opened.rest : joinChunks('meta', key, CHUNKS, opened, chunks);
};

describe('a stored value', () => {
  it('gives back its payload, in one value or several of at most 100,000 bytes (STORE-1, STORE-13, P2)', () => {
    for (const bytes of [0, 1, 99_987, 99_988, 200_000, 800_000]) {
      const payload = Uint8Array.from({ length: bytes }, (_, place) => place % 253);
      const sealed = sealRecord(KEY, CHUNKS, stamp(1), payload);
      expect(Buffer.compare(payloadOf(KEY, sealed), payload)).toBe(0);
      for (const value of [sealed.head, ...sealed.chunks])
        expect(value.byteLength).toBeLessThanOrEqual(100_000);
      expect(sealed.chunks.length).toBe(bytes <= 99_987 ? 0 : Math.ceil(bytes / 99_987));
    }
  });

  it('is refused with any bit flipped, cut short, or under another key (STORE-14, P3)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.nat(), (payload, bit, cut) => {
        const { head } = sealRecord(KEY, CHUNKS, stamp(1), payload);
        expect(() => openHead('meta', KEY, flipped(head, bit))).toThrow(corrupt);
        expect(() => openHead('meta', KEY, head.subarray(0, cut % head.length))).toThrow(corrupt);
        expect(() => openHead('meta', `${KEY}x`, head)).toThrow(corrupt);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused when a chunk is missing, of another write, or at another place (STORE-14, P3)', () => {
    const payload = new Uint8Array(250_000).fill(7);
    const [mine, other] = [
      sealRecord(KEY, CHUNKS, stamp(1), payload),
      sealRecord(KEY, CHUNKS, stamp(2), payload),
    ];
    const [first, second, third] = mine.chunks;
    const head = openHead('meta', KEY, mine.head);
    const join = (...chunks: (Uint8Array | undefined)[]) => joinChunks('meta', KEY, CHUNKS, head, chunks);
    expect(join(first, second, third)).toHaveLength(250_000);
    expect(() => join(first, undefined, third)).toThrow(corrupt);
    expect(() => join(first, other.chunks[1], third)).toThrow(corrupt);
    expect(() => join(second, first, third)).toThrow(corrupt);
    expect(() => join(first, second)).toThrow(corrupt);
  });

  it('differs from write to write, so that an equal rewrite is seen (STORE-5)', () => {
    const [one, two] = [1, 2].map((low) => sealRecord(KEY, CHUNKS, stamp(low), Uint8Array.of(1)).head);
    expect(Buffer.compare(one?.subarray(0, 8) ?? KEY8, two?.subarray(0, 8) ?? KEY8)).not.toBe(0);
  });

  it('names the record in words and not its content (STORE-14, P3)', () => {
    const { head } = sealRecord(KEY, CHUNKS, stamp(1), Buffer.from('secret'));
    expect(() => openHead('users', KEY, flipped(head, 100))).toThrow('the record users ·record· failed');
  });

  it('keeps chunks of different records apart', () => {
    expect(chunkKey(CHUNKS, KEY, 1)).not.toBe(chunkKey(CHUNKS, KEY, 2));
    expect(chunkKey(CHUNKS, KEY, 1).startsWith(CHUNKS)).toBe(true);
  });
});

const KEY8 = new Uint8Array(8);

describe('an index entry', () => {
  it('leads to its record, and to none with a bit flipped or under another key (STORE-14, P3)', () => {
    const entry = sealIndexEntry('\x01\x01key', KEY);
    expect(openIndexEntry('meta.by', '\x01\x01key', entry)).toBe(KEY);
    for (let bit = 0; bit < entry.length * 8; bit += 1) {
      expect(() => openIndexEntry('meta.by', '\x01\x01key', flipped(entry, bit))).toThrow(corrupt);
    }
    expect(() => openIndexEntry('meta.by', '\x01\x01kez', entry)).toThrow(corrupt);
    expect(() => openIndexEntry('meta.by', '\x01\x01key', new Uint8Array())).toThrow(corrupt);
  });
});
