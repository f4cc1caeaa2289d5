import fc from 'fast-check';
import { AFTER_ALL, encodeKey } from './key';

const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((value) => !/\p{Surrogate}/u.test(value));
const part = fc.oneof(text, fc.maxSafeInteger(), fc.integer({ min: -300, max: 300 }));
const tuple = fc.array(part, { maxLength: 4 });

function comparePart(left: string | number, right: string | number): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string')
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  return typeof left === 'string' ? -1 : 1;
}

function compareTuple(left: readonly (string | number)[], right: readonly (string | number)[]): number {
  for (const [place, one] of left.entries()) {
    const other = right[place];
    if (other === undefined) return 1;
    const order = comparePart(one, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

const order = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

describe('a key', () => {
  it('is ordered as its parts are, by UTF-8 bytes and by number (STORE-8)', () => {
    fc.assert(
      fc.property(tuple, tuple, (left, right) => {
        expect(order(encodeKey(left), encodeKey(right))).toBe(Math.sign(compareTuple(left, right)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is ordered as bytes as it is as a string, one character a byte (STORE-8)', () => {
    fc.assert(
      fc.property(tuple, tuple, (left, right) => {
        const [a, b] = [encodeKey(left), encodeKey(right)];
        expect(Buffer.from(a, 'latin1').toString('latin1')).toBe(a);
        expect(order(a, b)).toBe(Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')));
      }),
    );
  });

  it('lies between its prefix and the end of its prefix, and no other key does (STORE-8)', () => {
    fc.assert(
      fc.property(tuple, tuple, (prefix, other) => {
        const base = encodeKey(prefix);
        const isWithin = (key: string): boolean => key >= base && key < base + AFTER_ALL;
        expect(isWithin(encodeKey([...prefix, ...other]))).toBe(true);
        const starts = prefix.every((one, place) => Object.is(one, other[place]) || one === other[place]);
        expect(isWithin(encodeKey(other))).toBe(starts);
      }),
      { numRuns: 1_000 },
    );
  });

  it('takes no lone surrogate, no fraction and no number beyond 2^53', () => {
    for (const bad of ['\udc00', 'a\ud800b', 0.5, 2 ** 53, Number.NaN]) {
      expect(() => encodeKey([bad])).toThrow(TypeError);
    }
  });
});
