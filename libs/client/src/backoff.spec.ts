import { backoff } from './backoff';

const options = { firstMs: 100, maxMs: 1_000 };

describe('backoff', () => {
  it('doubles its bound with each attempt up to the maximum (SDK-8)', () => {
    const almostOne = { next: () => 0.999_999 };
    expect([0, 1, 2, 3, 4, 50].map((attempt) => backoff(attempt, almostOne, options))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
  });

  it('spreads a crowd over the whole interval (SDK-8)', () => {
    expect(backoff(3, { next: () => 0 }, options)).toBe(0);
    expect(backoff(3, { next: () => 0.5 }, options)).toBe(400);
  });
});
