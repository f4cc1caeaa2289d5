import { POPULARITY_HALF_LIFE_MS, raiseLevel, rankOf, scoreAt } from './popularity';

const NOW = Date.parse('2026-11-21T00:00:00Z');
const visits = (count: number) => ({ visits: count, edits: 0, instances: 0 });

function levelOf(...events: readonly (readonly [count: number, at: number])[]): number {
  let level: number | undefined;
  for (const [count, at] of events) level = raiseLevel(level, visits(count), at);
  if (level === undefined) throw new Error('nothing was counted');
  return level;
}

describe('popularity', () => {
  it('halves in every half-life, without anything being written (POP-1)', () => {
    const level = levelOf([8, NOW]);
    expect(scoreAt(level, NOW)).toBeCloseTo(8, 6);
    expect(scoreAt(level, NOW + POPULARITY_HALF_LIFE_MS)).toBeCloseTo(4, 6);
    expect(scoreAt(level, NOW + 3 * POPULARITY_HALF_LIFE_MS)).toBeCloseTo(1, 6);
  });

  it('is the sum of what was counted, whatever its order and its portions (POP-1)', () => {
    const day = 86_400_000;
    const once = levelOf([3, NOW], [5, NOW + day]);
    const late = levelOf([5, NOW + day], [1, NOW], [2, NOW]);
    expect(late).toBeCloseTo(once, 9);
    expect(scoreAt(once, NOW + day)).toBeCloseTo(5 + 3 * 2 ** (-1 / 7), 6);
  });

  it('stands in the order of the scores at any time (POP-2)', () => {
    const old = levelOf([100, NOW - 10 * POPULARITY_HALF_LIFE_MS]);
    const fresh = levelOf([1, NOW]);
    expect(rankOf(fresh)).toBeGreaterThan(rankOf(old));
    for (const now of [NOW, NOW + 365 * 86_400_000]) {
      expect(scoreAt(fresh, now)).toBeGreaterThan(scoreAt(old, now));
    }
    expect(Number.isSafeInteger(rankOf(fresh))).toBe(true);
  });

  it('counts an instance more than a visit, and a visit more than an edit (POP-1)', () => {
    const of = (activity: { visits?: number; edits?: number; instances?: number }): number =>
      scoreAt(
        raiseLevel(undefined, { visits: 0, edits: 0, instances: 0, ...activity }, NOW) ?? -Infinity,
        NOW,
      );
    expect(of({ instances: 1 })).toBeGreaterThan(of({ visits: 1 }));
    expect(of({ visits: 1 })).toBeGreaterThan(of({ edits: 1 }));
    expect(raiseLevel(7, { visits: 0, edits: 0, instances: 0 }, NOW)).toBe(7);
  });
});
