import type { Quota } from '@state-server/limits-port';
import type { Spent } from './limiter';

/**
 * RateLimit-Policy and RateLimit of draft-ietf-httpapi-ratelimit-headers-10: `q` points in `w` seconds; `r` are left, and
 * all are there again in `t` seconds.
 */
export function rateLimitHeaders(
  name: string,
  { points, seconds }: Quota,
  { left, fullMs }: Spent,
): Readonly<Record<'RateLimit-Policy' | 'RateLimit', string>> {
  return {
    'RateLimit-Policy': `"${name}";q=${points};w=${seconds}`,
    // Whole ms: the difference of two clock readings may be a hair above what was added.
    RateLimit: `"${name}";r=${left};t=${Math.ceil(Math.round(fullMs) / 1_000)}`,
  };
}
