import { TestBrane, unwrap } from './brane.spec-support';
import { type ObjectId } from './ids';
import { LIMITS } from './limits';
import { ORDER_MAX, orderBetween } from './order';

describe('ten thousand inserts at one place (S6)', () => {
  type Pick = (count: number) => number;
  /** Inserts before the sibling at `where`, with the key that a client would make; answers the longest stored key. */
  function insertMany(total: number, where: Pick): { longest: number; largest: number; entries: number } {
    const brane = new TestBrane();
    const parent = brane.group();
    const expected: ObjectId[] = [];
    let [longest, largest, entries] = [0, 0, 0];
    for (let count = 0; count < total; count += 1) {
      const siblings = brane.scene.children(parent);
      const index = where(siblings.length);
      const orderAt = (at: number): string | null => {
        const sibling = siblings[at];
        return sibling === undefined ? null : brane.get(sibling).order;
      };
      const order = orderBetween(orderAt(index - 1), orderAt(index));
      const id = brane.newId();
      const entry = brane.edit([{ op: 'create', object: { id, kind: 'block', parent_id: parent, order } }]);
      expected.splice(index, 0, id);
      for (const op of entry.ops) {
        if (op.op === 'create') longest = Math.max(longest, op.object.order.length);
        if (op.op !== 'reorder') continue;
        const keys = Object.values(op.orders);
        entries += 1;
        largest = Math.max(largest, keys.length);
        longest = Math.max(longest, ...keys.map((key) => key.length));
      }
    }
    expect(brane.scene.children(parent).findIndex((id, index) => id !== expected[index])).toBe(-1);
    return { longest, largest, entries };
  }

  it.each<[string, Pick]>([
    ['always at the start', () => 0],
    ['always at the end', (size) => size],
    ['always after the first', (size) => Math.min(1, size)],
    ['always before the last', (size) => Math.max(0, size - 1)],
    ['always in the middle', (size) => size >> 1],
    ['to and fro around one place', (size) => Math.min(size, Math.max(0, (size >> 1) + (size % 3) - 1))],
  ])(
    'keep keys within 64 characters, and the order: %s',
    (_, where) => {
      const { longest, largest, entries } = insertMany(LIMITS.children_per_group, where);
      expect(longest).toBeLessThanOrEqual(ORDER_MAX);
      expect(largest).toBeLessThanOrEqual(LIMITS.reordered_objects_per_op);
      // A re-spread buys many inserts: it must not become the rule.
      expect(entries).toBeLessThan(150);
    },
    60_000,
  );

  it('lets moves in between re-spread just the same', () => {
    const brane = new TestBrane();
    const ids = Array.from({ length: 50 }, () => brane.block());
    for (let count = 0; count < 2_000; count += 1) {
      const siblings = brane.scene.children(brane.root);
      const [first, second] = siblings.map((id) => brane.get(id).order);
      const order = orderBetween(first ?? null, second ?? null);
      brane.edit([{ op: 'move', id: siblings.at(-1) ?? brane.root, parent_id: brane.root, order }]);
    }
    const orders = brane.scene.children(brane.root).map((id) => brane.get(id).order);
    expect(orders).toHaveLength(ids.length);
    expect(Math.max(...orders.map((order) => order.length))).toBeLessThanOrEqual(ORDER_MAX);
    expect(unwrap(brane.try([{ op: 'delete', id: ids[0] ?? brane.root }])).ops).toHaveLength(1);
  });
});
