interface Bucket {
  used: number;
  /** Ms at which it is full again. */
  readonly endsAt: number;
}

export interface Taken {
  readonly allowed: boolean;
  /** Points that are left. */
  readonly left: number;
  /** Until the bucket is full again. */
  readonly resetMs: number;
}

/**
 * Counts per key in windows that begin with a key's first point. A request takes two of them, so they answer at once: the
 * libraries that were looked at (rate-limiter-flexible, express-rate-limit) answer with a promise and hold a timer per key
 * or per store. Windows that are over are forgotten once per window.
 */
export class Buckets {
  private readonly buckets = new Map<string, Bucket>();
  private sweepAt: number;

  constructor(
    private readonly points: number,
    private readonly windowMs: number,
    private readonly now: () => number,
  ) {
    this.sweepAt = now() + windowMs;
  }

  take(key: string): Taken {
    const now = this.now();
    if (now >= this.sweepAt) this.sweep(now);
    let bucket = this.buckets.get(key);
    if (!bucket || now >= bucket.endsAt) {
      bucket = { used: 0, endsAt: now + this.windowMs };
      this.buckets.set(key, bucket);
    }
    bucket.used += 1;
    return {
      allowed: bucket.used <= this.points,
      left: Math.max(0, this.points - bucket.used),
      resetMs: bucket.endsAt - now,
    };
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.buckets.size;
  }

  private sweep(now: number): void {
    for (const [key, { endsAt }] of this.buckets) if (now >= endsAt) this.buckets.delete(key);
    this.sweepAt = now + this.windowMs;
  }
}
