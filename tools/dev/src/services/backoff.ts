const FIRST_MS = 200;
const LONGEST_MS = 10_000;
/** A service that ran this long had started well: its next restart is quick again. */
const STABLE_MS = 30_000;

export interface Backoff {
  /** Restarts in a row that did not last. */
  readonly failures: number;
}

export const NO_FAILURES: Backoff = { failures: 0 };

/** @param ranMs how long the incarnation ran that just ended */
export function afterExit(backoff: Backoff, ranMs: number): { delayMs: number; next: Backoff } {
  const failures = ranMs >= STABLE_MS ? 0 : backoff.failures;
  return { delayMs: Math.min(LONGEST_MS, FIRST_MS * 2 ** failures), next: { failures: failures + 1 } };
}
