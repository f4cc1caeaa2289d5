import fc from 'fast-check';
import type { ObjectId } from './ids';
import {
  areBounds,
  compareSiblings,
  isOrderKey,
  orderBetween,
  ordersBetween,
  type Sibling,
  siblingIndex,
} from './order';
import { respread } from './respread';
import { LIMITS } from './limits';

const key = fc.array(fc.nat(9), { minLength: 1, maxLength: 30 }).map((places) => {
  let low: string | null = null;
  let high: string | null = null;
  let made = 'a0';
  for (const place of places) {
    made = orderBetween(low, high);
    if (place < 5) low = made;
    else high = made;
  }
  return made;
});

function siblings(orders: readonly string[]): Sibling[] {
  return orders
    .map((order, index) => ({ id: String(index).padStart(4, '0') as ObjectId, order }))
    .sort(compareSiblings);
}

describe('order keys', () => {
  it('lie strictly between their neighbours', () => {
    fc.assert(
      fc.property(key, key, (one, other) => {
        fc.pre(one !== other);
        const [low, high] = one < other ? [one, other] : [other, one];
        const middle = orderBetween(low, high);
        expect(low < middle && middle < high).toBe(true);
        expect(isOrderKey(middle)).toBe(true);
        expect(orderBetween(null, low) < low && high < orderBetween(high, null)).toBe(true);
      }),
    );
  });

  it('repeat the neighbour where there is no between; the id decides then', () => {
    expect(orderBetween('a1', 'a1')).toBe('a1');
    expect(orderBetween('a2', 'a1')).toBe('a2');
    expect(compareSiblings({ id: 'a' as ObjectId, order: 'a1' }, { id: 'b' as ObjectId, order: 'a1' })).toBe(
      -1,
    );
  });

  it('never throw on what is no key', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(isOrderKey(orderBetween(one, other))).toBe(true);
        expect(areBounds(one, other)).toBe(isOrderKey(one) && isOrderKey(other) && one < other);
      }),
    );
  });

  it.each(['', 'a', '1', 'a00', 'b1', `A${'0'.repeat(26)}`, 'a1 ', 'ä1', 'a-', 7, null, undefined])(
    '%p is none',
    (wrong) => {
      expect(isOrderKey(wrong)).toBe(false);
    },
  );

  it('grow by a few characters with ten thousand appends', () => {
    let last: string | null = null;
    for (let count = 0; count < 10_000; count += 1) last = orderBetween(last, null);
    expect(last?.length).toBeLessThanOrEqual(4);
  });

  it('are found by halving the list', () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 60 }), (orders) => {
        const sorted = siblings(orders);
        const byId = new Map(sorted.map((sibling) => [sibling.id, sibling]));
        let looks = 0;
        sorted.forEach((sibling, index) => {
          const found = siblingIndex([...byId.keys()], sibling, (id) => {
            looks += 1;
            return byId.get(id);
          });
          expect(found).toBe(index);
        });
        expect(looks).toBeLessThanOrEqual(sorted.length * 6);
      }),
    );
  });
});

describe('re-spreading (S6)', () => {
  function check(list: readonly Sibling[], index: number): number {
    const spread = respread(list.length, index, (at) => list[at]);
    if (!spread) throw new Error('there is room');
    const after = list.map((sibling) => ({ ...sibling, order: spread.orders[sibling.id] ?? sibling.order }));
    after.splice(index, 0, { id: 'new' as ObjectId, order: spread.order });
    expect([...after].sort(compareSiblings)).toEqual(after);
    for (const { order } of after) expect(isOrderKey(order)).toBe(true);
    expect(spread.order.length).toBeLessThanOrEqual(LIMITS.order_chars);
    const touched = Object.keys(spread.orders).length;
    expect(touched).toBeLessThanOrEqual(LIMITS.reordered_objects_per_op);
    for (const order of Object.values(spread.orders))
      expect(order.length).toBeLessThanOrEqual(LIMITS.order_chars);
    return touched;
  }

  it('keeps the order of whoever is there, and touches nobody where there is room', () => {
    fc.assert(
      fc.property(fc.uniqueArray(key, { maxLength: 80 }), fc.nat(), (orders, at) => {
        const list = siblings(orders);
        check(list, at % (list.length + 1));
      }),
    );
    expect(check(siblings(['a0', 'a1']), 1)).toBe(0);
  });

  it('makes room among equal keys', () => {
    expect(check(siblings(['a0', 'a0', 'a0', 'a0']), 2)).toBeGreaterThan(0);
    expect(check(siblings(['a0', 'a1', 'a1', 'a2']), 2)).toBeGreaterThan(0);
  });

  it('widens the window on the crowded side alone', () => {
    const crowded = ['a0'];
    let next = orderBetween('a0', 'a1');
    for (let count = 0; count < 300; count += 1) {
      crowded.push(next);
      next = orderBetween('a0', next);
    }
    const quiet = ordersBetween(null, 'a0', 300);
    const list = siblings([...quiet, ...crowded, 'a1']);
    const index = list.findIndex(({ order }) => order === 'a0') + 1;
    const spread = respread(list.length, index, (at) => list[at]);
    const touched = Object.keys(spread?.orders ?? {});
    expect(touched.length).toBeGreaterThan(0);
    expect(list.filter(({ id }) => touched.includes(id)).every(({ order }) => order > 'a0')).toBe(true);
  });

  it('works its way past what is no key', () => {
    const list = siblings(['a0', 'a1', '', '!', 'a2']);
    expect(check(list, 1)).toBeGreaterThan(0);
  });

  it('gives up where hand-made keys leave no room within the largest window', () => {
    const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    const dense: string[] = [];
    // All keys of 64 characters that a prefix of 61 allows, save those with a trailing zero.
    for (const a of digits.slice(0, 40)) {
      for (const b of digits) for (const c of digits.slice(1)) dense.push(`a0${'5'.repeat(59)}${a}${b}${c}`);
    }
    const list = siblings(dense);
    expect(respread(list.length, Math.floor(list.length / 2), (at) => list[at])).toBeUndefined();
  });
});
