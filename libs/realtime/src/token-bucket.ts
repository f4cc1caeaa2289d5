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
    const now = this.clock.monotonic();
    this.level = Math.min(this.burst, this.level + ((now - this.at) * this.perSecond) / 1_000);
    this.at = now;
    // What can never be afforded is let through when the bucket is full.
    const price = Math.min(cost, this.burst);
    if (this.level >= price) {
      this.level -= price;
      return 0;
    }
    return Math.ceil(((price - this.level) * 1_000) / this.perSecond);
  }
}
