import { decodeCbor, decodeJson, encodeCbor, encodeJson } from '@state-server/protocol';
import fc from 'fast-check';
import { assembleCbor, assembleJson } from './cbor-assembly';

describe('frames of parts that are encoded already', () => {
  it('are what the codec makes of the whole, however many parts there are', () => {
    const value = fc.record({ name: fc.string({ unit: 'grapheme' }), value: fc.integer() });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 300 }), (items) => {
        const fields = { type: 'some.frame', seq: 7 };
        const whole = { ...fields, items };
        expect(decodeCbor(assembleCbor(fields, 'items', items.map(encodeCbor)))).toEqual(
          decodeCbor(encodeCbor(whole)),
        );
        expect(decodeJson(assembleJson(fields, 'items', items.map(encodeJson)))).toEqual(
          decodeJson(encodeJson(whole)),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('take lists of every length of head', () => {
    for (const length of [0, 23, 24, 255, 256, 65_535, 65_536]) {
      const items = new Array<Uint8Array>(length).fill(encodeCbor(1));
      const decoded = decodeCbor(assembleCbor({}, 'items', items)) as { items: unknown[] };
      expect(decoded.items).toHaveLength(length);
    }
    expect(assembleJson({}, 'items', [])).toBe('{"items":[]}');
  });
});
