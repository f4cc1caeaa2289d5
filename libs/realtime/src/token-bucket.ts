import type { Clock } from '@state-server/domain';

/** So much at once, and so much each second: one per session and kind of limit. */
export class TokenBucket {
  private level: number;
  private at: number;

  constructor(
    private readonly clock: Clock,
    private readonly perSecond: number,
    private readonly burst: number,
  ) {
    this.level = burst;
    this.at = clock.monotonic();
  }

  /** Takes `cost` and answers 0, or takes nothing and answers after how many ms it may be tried again. */
  take(cost = 1): number {
    const waitMs = this.waitMs(cost);
    if (waitMs === 0) this.level -= Math.min(cost, this.burst);
    return waitMs;
  }

  /** What `take` would answer; takes nothing. */
  waitMs(cost = 1): number {
    this.refill();
    // What can never be afforded is let through when the bucket is full.
    const price = Math.min(cost, this.burst);
    return this.level >= price ? 0 : Math.ceil(((price - this.level) * 1_000) / this.perSecond);
  }

  isFull(): boolean {
    this.refill();
    return this.level >= this.burst;
  }

  private refill(): void {
    const now = this.clock.monotonic();
    this.level = Math.min(this.burst, this.level + ((now - this.at) * this.perSecond) / 1_000);
    this.at = now;
  }
}
