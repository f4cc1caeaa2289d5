import { Buckets } from './buckets';

describe('buckets', () => {
  it('are full again when their window is over, and are forgotten then (REST-LIMIT-1)', () => {
    let now = 1_000;
    const buckets = new Buckets(2, 60_000, () => now);
    expect(buckets.take('ada')).toEqual({ allowed: true, left: 1, resetMs: 60_000 });
    now += 20_000;
    expect(buckets.take('ada')).toEqual({ allowed: true, left: 0, resetMs: 40_000 });
    expect(buckets.take('ada')).toEqual({ allowed: false, left: 0, resetMs: 40_000 });
    expect(buckets.take('bob')).toMatchObject({ allowed: true, left: 1 });
    now += 40_000;
    expect(buckets.take('ada')).toEqual({ allowed: true, left: 1, resetMs: 60_000 });
    expect(buckets.size).toBe(2);
    now += 60_000;
    buckets.take('carol');
    expect(buckets.size).toBe(1);
  });
});
