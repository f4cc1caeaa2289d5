import { afterExit, NO_FAILURES } from './backoff';

function delays(ranMs: readonly number[]): number[] {
  let backoff = NO_FAILURES;
  return ranMs.map((ran) => {
    const { delayMs, next } = afterExit(backoff, ran);
    backoff = next;
    return delayMs;
  });
}

describe('backoff of restarts', () => {
  it('doubles while a service keeps ending soon, up to ten seconds', () => {
    expect(delays(Array.from({ length: 8 }, () => 50))).toEqual([
      200, 400, 800, 1600, 3200, 6400, 10_000, 10_000,
    ]);
  });

  it('starts over after a service had run for half a minute', () => {
    expect(delays([50, 50, 30_000, 50])).toEqual([200, 400, 200, 400]);
  });
});
