/** How a commit ended, as far as this attempt knows; `passing`: nothing was written, for a reason that passes, and it is tried again. */
export type CommitOutcome = 'committed' | 'conflict' | 'passing' | 'unknown' | 'failed';

/** What the driver says about itself; each is called at once and must not throw. Durations in milliseconds. */
export interface FoundationDbMetrics {
  /** A transaction got its read version. */
  snapshot(ms: number): void;
  read(kind: 'get' | 'range', ms: number): void;
  /** @param bytes of all written keys and values, without the prefix */
  commit(outcome: CommitOutcome, ms: number, bytes: number): void;
  /** The driver asked the cluster again by itself after an error with this code. */
  askedAgain(code: number): void;
  /** An error with this code reached the record layer. */
  error(call: 'snapshot' | 'read' | 'commit', code: number): void;
  /** Transactions that are open now, running commits of which nobody waits any more included. */
  open(count: number): void;
}

const ignore = (): void => undefined;

export const NO_METRICS: FoundationDbMetrics = {
  snapshot: ignore,
  read: ignore,
  commit: ignore,
  askedAgain: ignore,
  error: ignore,
  open: ignore,
};
