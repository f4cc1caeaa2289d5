import { fail } from '@state-server/protocol';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

export interface SignInLimit {
  /** Counts one attempt from this address. Throws `rate.limited`, with the time after which to try again. */
  take(address: string): Promise<void>;
}

const WINDOW_SECONDS = 60;

/** Counts in this process alone, so that it works without Redis (SYNC F2). */
export function createSignInLimit(perMinute: number): SignInLimit {
  const limiter = new RateLimiterMemory({
    keyPrefix: 'sign_in',
    points: perMinute,
    duration: WINDOW_SECONDS,
  });
  return {
    take: async (address) => {
      try {
        await limiter.consume(address);
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        throw fail('rate.limited', undefined, undefined, { retryAfterMs: refused.msBeforeNext });
      }
    },
  };
}
