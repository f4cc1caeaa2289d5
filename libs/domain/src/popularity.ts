/** After this time an activity counts half as much, ms. */
export const POPULARITY_HALF_LIFE_MS = 7 * 24 * 3_600_000;

/** What was counted; each number at least 0. */
export interface Activity {
  readonly visits: number;
  readonly edits: number;
  readonly instances: number;
}

/** What one of each adds to a score at the moment it happens: many edits are made in one visit. */
const WEIGHTS = { visits: 1, edits: 0.05, instances: 5 } as const satisfies Activity;

/** Steps of an integer rank in one doubling of the score. */
const RANKS_PER_DOUBLING = 1_000_000;

/**
 * The popularity after an activity at `at` (ms since 1970). A level is log2 of the sum of all weights, each doubled for
 * every half-life from 1970 to its moment. All sums fade alike with time, so levels stand in the order of the scores at
 * any time and need no recomputation (forward decay: Cormode et al., ICDE 2009). `undefined`: nothing was counted yet,
 * or nothing is.
 */
export function raiseLevel(level: number | undefined, activity: Activity, at: number): number | undefined {
  const { visits, edits, instances } = activity;
  const weight = visits * WEIGHTS.visits + edits * WEIGHTS.edits + instances * WEIGHTS.instances;
  if (weight <= 0) return level;
  const added = Math.log2(weight) + at / POPULARITY_HALF_LIFE_MS;
  if (level === undefined) return added;
  const high = Math.max(level, added);
  // The powers themselves would be out of range: only their distance is looked at.
  return high + Math.log2(2 ** (level - high) + 2 ** (added - high));
}

/** The level as an integer that sorts alike. */
export function rankOf(level: number): number {
  return Math.round(level * RANKS_PER_DOUBLING);
}

/** The faded sum at that moment: a visit right now counts 1, one of a half-life ago ½. */
export function scoreAt(level: number, now: number): number {
  return 2 ** (level - now / POPULARITY_HALF_LIFE_MS);
}
