import type { Random } from '@state-server/domain';

export interface BackoffOptions {
  /** Milliseconds before the second attempt at the most. */
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Full jitter: uniform between 0 and the doubled bound, so that a crowd that was cut off together does not come back together. */
export function backoff(attempt: number, random: Random, options: BackoffOptions): number {
  const bound = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(attempt, 20));
  return Math.round(random.next() * bound);
}
