import type { Clock, TimerHandle, Timers } from '@state-server/domain';
import { type Quota, type Rate, rateOf, type SharedDebts, take } from '@state-server/limits-port';
import { LRUCache } from 'lru-cache';

/** What one caller has taken. Both moments are of this process's monotonic clock. */
interface Bucket {
  readonly key: string;
  readonly rate: Rate;
  /** When what was let through here is paid off. Redis that comes back empty does not make anybody free of it. */
  ownPaidAt: number;
  /** When what was let through everywhere is, as far as this process knows. */
  sharedPaidAt: number;
  /** Let through here, and not yet told. */
  untoldMs: number;
  isListed: boolean;
}

export interface Spent {
  readonly allowed: boolean;
  /** Points that are left. */
  readonly left: number;
  /** Until all points are there again. */
  readonly fullMs: number;
  /** Until as much can be taken; 0 where it was. */
  readonly retryMs: number;
}

export interface LimiterOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly timers: Timers;
  /** What other processes let through; without it each counts for itself. */
  readonly shared?: SharedDebts | undefined;
  /** Callers that are remembered, over all quotas; who asked longest ago is forgotten first. Default 100,000. */
  readonly maxBuckets?: number;
  /** Default 250. */
  readonly reconcileMs?: number;
  /** After each change of whether the others can be told. */
  readonly onShared?: (together: boolean, reason?: string) => void;
}

const MAX_BUCKETS = 100_000;
const RECONCILE_MS = 250;
/** After a failure the shared part is left alone for so long. */
const REST_MS = 1_000;
/** Who has taken this share of his points since the others were told is told of at once. */
const URGENT_SHARE = 1 / 8;

/**
 * Buckets of one process, told to the others behind the requests' back. Answers at once, always: a request never waits for
 * Redis. With it, processes together let through the quota and at most, for each process beyond the first, an eighth of it
 * and what comes in during one round trip. Without it each process goes on with the whole quota by itself: whoever talks to
 * one gateway, which is everybody but an attacker, is not refused for what is broken behind it.
 */
export class Limiter {
  private readonly buckets: LRUCache<string, Bucket>;
  private readonly maxListed: number;
  private listed: Bucket[] = [];
  private timer: TimerHandle | undefined;
  private isTelling = false;
  private restUntil = Number.NEGATIVE_INFINITY;
  private together: boolean | undefined;
  private closed = false;

  constructor(private readonly options: LimiterOptions) {
    this.maxListed = options.maxBuckets ?? MAX_BUCKETS;
    this.buckets = new LRUCache({ max: this.maxListed });
  }

  /** A quota under a name of its own. */
  quota(name: string, quota: Quota): LimitedQuota {
    const rate = rateOf(quota);
    return { name, quota, take: (who, points) => this.take(`${name}:${who}`, rate, points) };
  }

  /** Callers that are remembered. */
  get size(): number {
    return this.buckets.size;
  }

  close(): void {
    this.closed = true;
    if (this.timer !== undefined) this.options.timers.clear(this.timer);
  }

  private take(key: string, rate: Rate, points = 1): Spent {
    const now = this.options.clock.monotonic();
    const bucket = this.buckets.get(key) ?? this.create(key, rate);
    const taken = take(rate, Math.max(bucket.ownPaidAt, bucket.sharedPaidAt), now, points);
    if (taken.allowed) this.spend(bucket, points * rate.costMs, now);
    return taken;
  }

  private create(key: string, rate: Rate): Bucket {
    const bucket = { key, rate, ownPaidAt: 0, sharedPaidAt: 0, untoldMs: 0, isListed: false };
    this.buckets.set(key, bucket);
    return bucket;
  }

  private spend(bucket: Bucket, ms: number, now: number): void {
    bucket.ownPaidAt = Math.max(bucket.ownPaidAt, now) + ms;
    bucket.sharedPaidAt = Math.max(bucket.sharedPaidAt, now) + ms;
    if (!this.options.shared) return;
    bucket.untoldMs += ms;
    this.list(bucket);
    if (bucket.untoldMs >= bucket.rate.windowMs * URGENT_SHARE && now >= this.restUntil) void this.tell();
  }

  private list(bucket: Bucket): void {
    if (bucket.isListed || this.listed.length >= this.maxListed) return;
    bucket.isListed = true;
    this.listed.push(bucket);
    this.tellIn(this.options.reconcileMs ?? RECONCILE_MS);
  }

  private tellIn(ms: number): void {
    if (this.timer !== undefined || this.closed) return;
    this.timer = this.options.timers.set(ms, () => {
      this.timer = undefined;
      void this.tell();
    });
  }

  /** Never rejects. One at a time, so that what is urgent meanwhile goes with the next. */
  private async tell(): Promise<void> {
    const { shared, clock } = this.options;
    if (!shared || this.isTelling || this.closed || this.listed.length === 0) return;
    const restMs = this.restUntil - clock.monotonic();
    if (restMs > 0) {
      this.tellIn(restMs);
      return;
    }
    this.isTelling = true;
    const told = this.listed;
    this.listed = [];
    const spendings = told.map((bucket) => {
      const spending = { key: bucket.key, addMs: bucket.untoldMs, windowMs: bucket.rate.windowMs };
      bucket.untoldMs = 0;
      bucket.isListed = false;
      return spending;
    });
    try {
      const debts = await shared.add(spendings);
      const now = clock.monotonic();
      for (const [index, bucket] of told.entries()) {
        bucket.sharedPaidAt = now + (debts[index] ?? 0) + bucket.untoldMs;
      }
      this.nowTogether(true);
    } catch (error) {
      this.restUntil = clock.monotonic() + REST_MS;
      for (const [index, bucket] of told.entries()) this.takeBack(bucket, spendings[index]?.addMs ?? 0);
      this.nowTogether(false, error instanceof Error ? error.message : String(error));
    }
    this.isTelling = false;
    if (this.listed.length > 0) this.tellAgain();
  }

  private tellAgain(): void {
    const isUrgent = this.listed.some(({ untoldMs, rate }) => untoldMs >= rate.windowMs * URGENT_SHARE);
    if (isUrgent) void this.tell();
    else this.tellIn(this.options.reconcileMs ?? RECONCILE_MS);
  }

  /** It is told with the next, as far as it is not paid off by then: an outage of an hour is no debt of an hour. */
  private takeBack(bucket: Bucket, ms: number): void {
    const debt = Math.max(0, bucket.ownPaidAt - this.options.clock.monotonic());
    bucket.untoldMs = Math.min(bucket.untoldMs + ms, debt);
    if (bucket.untoldMs > 0) this.list(bucket);
  }

  private nowTogether(together: boolean, reason?: string): void {
    if (together === this.together) return;
    this.together = together;
    this.options.onShared?.(together, reason);
  }
}

/** A quota of a limiter: what several doors share. */
export interface LimitedQuota {
  readonly name: string;
  readonly quota: Quota;
  /** Takes points of `who`: all that were asked for, or none. */
  readonly take: (who: string, points?: number) => Spent;
}
