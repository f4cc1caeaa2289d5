import fc from 'fast-check';
import { isUuid } from '@state-server/domain';
import { derivedUuid, fingerprint } from './fingerprint';

describe('fingerprint (I1)', () => {
  it('does not depend on the order of keys, on absent fields, or on the type that carries a number', () => {
    const first = {
      ops: [{ op: 'update', id: 'x', set: { '/name': 'a', '/properties/n': 1 } }],
      target: undefined,
    };
    const second = { ops: [{ set: { '/properties/n': 1n, '/name': 'a' }, id: 'x', op: 'update' }] };
    expect(fingerprint(first)).toBe(fingerprint(second));
    expect(fingerprint([0])).toBe(fingerprint([-0]));
    expect(fingerprint(Float32Array.of(1, 2))).toBe(fingerprint([1, 2]));
  });

  it.each([
    ['text and number', '1', 1],
    ['a value and a list of it', 1, [1]],
    ['nested and flat lists', [[1], 2], [[1, 2]]],
    ['bytes and a list of numbers', Uint8Array.of(1), [1]],
    ['null and false', null, false],
    ['where a key ends', { ab: 'c' }, { a: 'bc' }],
    ['large integers', 2n ** 60n, 2n ** 60n + 1n],
  ])('tells %s apart', (_what, one, other) => {
    expect(fingerprint(one)).not.toBe(fingerprint(other));
  });

  it('tells any two different values apart', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const same = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
        expect(fingerprint(one) === fingerprint(other)).toBe(same);
      }),
      { numRuns: 500 },
    );
  });

  it('makes ids that look like UUIDs v4 and are the same for the same value', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), (user, op) => {
        expect(isUuid(derivedUuid([user, op]))).toBe(true);
        expect(derivedUuid([user, op])).toBe(derivedUuid([user, op]));
      }),
    );
    expect(derivedUuid(['a', 'b'])).not.toBe(derivedUuid(['a', 'c']));
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  const map = value as Record<string, unknown>;
  return {
    map: Object.keys(map)
      .sort()
      .map((key) => [key, sorted(map[key])]),
  };
}
