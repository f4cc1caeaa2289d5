import { Buckets } from './buckets';

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
  private readonly buckets: Readonly<Record<RouteClass, Buckets>>;

  /** @param now ms of a clock that does not jump */
  constructor(
    private readonly quotas: Quotas = QUOTAS,
    now: () => number = () => performance.now(),
  ) {
    const of = ({ points, seconds }: Quota): Buckets => new Buckets(points, seconds * 1_000, now);
    this.buckets = {
      address: of(quotas.address),
      auth: of(quotas.auth),
      read: of(quotas.read),
      write: of(quotas.write),
    };
  }

  /** Takes one point of `who` in this class. */
  spend(routeClass: RouteClass, who: string): Spent {
    const { points, seconds } = this.quotas[routeClass];
    const { allowed, left, resetMs } = this.buckets[routeClass].take(who);
    return {
      allowed,
      resetMs,
      get headers() {
        return {
          'RateLimit-Policy': `"${routeClass}";q=${points};w=${seconds}`,
          // Whole ms: the difference of two clock readings may be a hair above what was added.
          RateLimit: `"${routeClass}";r=${left};t=${Math.ceil(Math.round(resetMs) / 1_000)}`,
        };
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
