import * as fc from 'fast-check';
import { type Quota, rateOf, take } from './gcra';

const quotas = fc.record({
  points: fc.integer({ min: 1, max: 500 }),
  seconds: fc.integer({ min: 1, max: 90 }),
});
/** Pauses between requests: bursts, and times in which points come back. */
const pauses = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 5_000, noNaN: true })), {
  minLength: 1,
  maxLength: 200,
});

/** When each request comes, and whether it is let through. */
function run(quota: Quota, between: readonly number[]): { at: number; allowed: boolean }[] {
  const rate = rateOf(quota);
  let [now, paidAt] = [1e9, 0];
  return between.map((pause) => {
    now += pause;
    const taken = take(rate, paidAt, now);
    ({ paidAt } = taken);
    return { at: now, allowed: taken.allowed };
  });
}

describe('GCRA (LIMIT-1)', () => {
  it('lets at most `points` through at once, and t / cost more within t ms, wherever t begins', () => {
    fc.assert(
      fc.property(quotas, pauses, (quota, between) => {
        const { costMs } = rateOf(quota);
        const through = run(quota, between).filter(({ allowed }) => allowed);
        for (const [first, { at: from }] of through.entries()) {
          for (const [last, { at: to }] of through.entries()) {
            if (last < first) continue;
            expect(last - first + 1).toBeLessThanOrEqual(quota.points + (to - from) / costMs + 1e-3);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('refuses nobody who has points: as many are let through as a bucket that fills at that rate would hold', () => {
    fc.assert(
      fc.property(quotas, pauses, (quota, between) => {
        const { costMs } = rateOf(quota);
        let [level, last] = [quota.points, 1e9];
        for (const { at, allowed } of run(quota, between)) {
          level = Math.min(quota.points, level + (at - last) / costMs);
          last = at;
          if (level >= 1 + 1e-3) expect(allowed).toBe(true);
          if (level < 1 - 1e-3) expect(allowed).toBe(false);
          if (allowed) level -= 1;
        }
      }),
      { numRuns: 100 },
    );
  });

  it('tells the truth: what is left can be taken at once, and what was refused later, and not sooner', () => {
    fc.assert(
      fc.property(quotas, fc.nat(600), fc.integer({ min: 1, max: 20 }), (quota, already, points) => {
        const rate = rateOf(quota);
        const now = 5e8;
        let paidAt = 0;
        for (let count = 0; count < already; count += 1) ({ paidAt } = take(rate, paidAt, now));
        const told = take(rate, paidAt, now, points);
        if (told.allowed) {
          let left = 0;
          let after = told.paidAt;
          for (let next = take(rate, after, now); next.allowed; next = take(rate, after, now)) {
            after = next.paidAt;
            left += 1;
          }
          expect(left).toBe(told.left);
        } else if (points <= quota.points) {
          expect(take(rate, paidAt, now + told.retryMs, points).allowed).toBe(true);
          expect(take(rate, paidAt, now + told.retryMs - 1, points).allowed).toBe(false);
        }
        expect(take(rate, told.paidAt, now + told.fullMs, quota.points).allowed).toBe(true);
      }),
    );
  });
});
