import type { Ids, Random } from '@state-server/domain';

/** Seeded generator (mulberry32, public domain): the same seed gives the same run. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = state;
      mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}

/** An integer in [0, below). */
export function nextInt(random: Random, below: number): number {
  return Math.floor(random.next() * below);
}

/** One of the items; the list must not be empty. */
export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[nextInt(random, items.length)];
  if (item === undefined) throw new RangeError('pick() needs at least one item');
  return item;
}

/** UUID v4 strings drawn from the generator. */
export function seededIds(random: Random): Ids {
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => nextInt(random, 16).toString(16)).join('');
  return {
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${(8 + nextInt(random, 4)).toString(16)}${hex(3)}-${hex(12)}`,
  };
}
