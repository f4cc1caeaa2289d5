import fc from 'fast-check';
import { emptyTree, treeDelete, treeGet, treeSet, treeWalk, type Tree } from './persistent-tree';

const key = fc.integer({ min: 0, max: 400 }).map((value) => value.toString(36));
const change = fc.record({ key, remove: fc.boolean() });

function entries(tree: Tree<number>, range = { start: '', end: '\xff', reverse: false }): [string, number][] {
  const found: [string, number][] = [];
  treeWalk(tree, range, (name, value) => found.push([name, value]) > 0);
  return found;
}

const sorted = (model: Map<string, number>): [string, number][] =>
  [...model].sort(([left], [right]) => (left < right ? -1 : 1));

function depth(tree: Tree<number>): number {
  return 'children' in tree ? 1 + depth(tree.children[0] ?? emptyTree()) : 1;
}

describe('a persistent tree', () => {
  it('holds what a map holds, in order, and older roots stay as they were', () => {
    const run = fc.property(fc.array(change, { maxLength: 1_500, size: 'max' }), (changes) => {
      const model = new Map<string, number>();
      let tree = emptyTree<number>();
      const history: { tree: Tree<number>; then: [string, number][] }[] = [];
      changes.forEach((one, turn) => {
        if (one.remove) model.delete(one.key);
        else model.set(one.key, turn);
        tree = one.remove ? treeDelete(tree, one.key) : treeSet(tree, one.key, turn);
        expect(treeGet(tree, one.key)).toBe(model.get(one.key));
        if (turn % 200 === 0) history.push({ tree, then: sorted(model) });
      });
      expect(entries(tree)).toEqual(sorted(model));
      for (const { tree: old, then } of history) expect(entries(old)).toEqual(then);
    });
    fc.assert(run, { numRuns: 15 });
  });

  it('walks any range forward and backward, and stops when it is told to', () => {
    let tree = emptyTree<number>();
    const names = Array.from({ length: 3_000 }, (_, place) => place.toString(36).padStart(4, '0'));
    names.forEach((name, place) => {
      tree = treeSet(tree, name, place);
    });
    fc.assert(
      fc.property(
        fc.nat(3_010),
        fc.nat(3_010),
        fc.boolean(),
        fc.integer({ min: 1, max: 50 }),
        (a, b, reverse, limit) => {
          const [start, end] = [a.toString(36).padStart(4, '0'), b.toString(36).padStart(4, '0')];
          const inside = names.filter((name) => name >= start && name < end);
          const found: string[] = [];
          treeWalk(tree, { start, end, reverse }, (name) => found.push(name) < limit);
          expect(found).toEqual((reverse ? inside.reverse() : inside).slice(0, limit));
        },
      ),
    );
  });

  it('stays shallow while it grows to 100,000 keys and shrinks again', () => {
    let tree = emptyTree<number>();
    const name = (place: number): string => ((place * 7_919) % 100_003).toString(36);
    for (let place = 0; place < 100_000; place += 1) tree = treeSet(tree, name(place), place);
    expect(entries(tree)).toHaveLength(100_000);
    expect(depth(tree)).toBeLessThanOrEqual(5);
    for (let place = 0; place < 99_990; place += 1) tree = treeDelete(tree, name(place));
    expect(entries(tree)).toHaveLength(10);
    expect(depth(tree)).toBeLessThanOrEqual(2);
  });
});
