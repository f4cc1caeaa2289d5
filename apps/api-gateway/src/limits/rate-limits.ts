import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** Points per window for one identity or address. */
export interface Quota {
  readonly points: number;
  readonly seconds: number;
}

/** `address`: every request, before anybody is known. The others: per signed-in user. `auth`: forwarded to auth. */
export type RouteClass = 'address' | 'auth' | 'read' | 'write';

export type Quotas = Readonly<Record<RouteClass, Quota>>;

export const QUOTAS: Quotas = {
  address: { points: 12_000, seconds: 60 },
  auth: { points: 300, seconds: 60 },
  read: { points: 6_000, seconds: 60 },
  write: { points: 3_000, seconds: 60 },
};

export interface Spent {
  readonly allowed: boolean;
  /** RateLimit and RateLimit-Policy of draft-ietf-httpapi-ratelimit-headers-10. */
  readonly headers: Readonly<Record<string, string>>;
  /** Until the window is new again. */
  readonly resetMs: number;
}

/**
 * Local buckets: each process of the gateway counts for itself, so nothing depends on Redis (SYNC F2). They bound abuse,
 * they are no billing.
 */
export class RateLimits {
  private readonly buckets: ReadonlyMap<RouteClass, RateLimiterMemory>;

  constructor(private readonly quotas: Quotas = QUOTAS) {
    const classes = Object.keys(quotas) as RouteClass[];
    this.buckets = new Map(
      classes.map((name) => {
        const { points, seconds } = quotas[name];
        return [name, new RateLimiterMemory({ keyPrefix: name, points, duration: seconds })];
      }),
    );
  }

  /** Takes one point of `who` in this class. */
  async spend(routeClass: RouteClass, who: string): Promise<Spent> {
    const bucket = this.buckets.get(routeClass);
    if (!bucket) throw new RangeError(`there is no bucket for ${routeClass}`);
    try {
      return this.spent(routeClass, await bucket.consume(who), true);
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return this.spent(routeClass, refused, false);
      throw refused;
    }
  }

  private spent(routeClass: RouteClass, state: RateLimiterRes, allowed: boolean): Spent {
    const { points, seconds } = this.quotas[routeClass];
    const resetSeconds = Math.max(0, Math.ceil(state.msBeforeNext / 1_000));
    return {
      allowed,
      resetMs: Math.max(0, state.msBeforeNext),
      headers: {
        'RateLimit-Policy': `"${routeClass}";q=${points};w=${seconds}`,
        RateLimit: `"${routeClass}";r=${Math.max(0, state.remainingPoints)};t=${resetSeconds}`,
      },
    };
  }
}

/** One bucket per IPv4 address, and per /64 of IPv6: one subscriber has at least that many. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::', 2);
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
