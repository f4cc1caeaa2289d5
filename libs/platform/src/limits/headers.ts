import type { Quota } from '@state-server/limits-port';
import type { Spent } from './limiter';

/** draft-ietf-httpapi-ratelimit-headers-10: `q` points in `w` seconds. */
export function rateLimitPolicy(name: string, { points, seconds }: Quota): string {
  return `"${name}";q=${points};w=${seconds}`;
}

/** The same draft: `r` points are left, and all are there again in `t` seconds. */
export function rateLimit(name: string, { left, fullMs }: Spent): string {
  // Whole ms: the difference of two clock readings may be a hair above what was added.
  return `"${name}";r=${left};t=${Math.ceil(Math.round(fullMs) / 1_000)}`;
}
