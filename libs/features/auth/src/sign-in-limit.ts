import type { Quota } from '@state-server/limits-port';
import { addressKey, type LimitedQuota, type Limiter, toHttpError } from '@state-server/platform';
import { type ErrorCode, fail } from '@state-server/protocol';

export interface SignInLimit {
  /**
   * Counts one attempt from this address, whoever it is about. Throws `rate.limited`, with the time after which to try
   * again: also for an address that has failed too often.
   */
  take(address: string): Promise<void>;
  /**
   * Counts one attempt to sign in as this account. From where the account is at home already (`home`) the attempts of
   * everybody else do not count: nobody is locked out of his own account by strangers. Throws `rate.limited`.
   */
  takeFor(account: string, home: string | undefined): void;
  /** An attempt from this address was for nothing. Each costs half as much again as all before it together owe. */
  failed(address: string): void;
}

export interface SignInQuotas {
  readonly ofAddress: Quota;
  readonly ofAccount: Quota;
  readonly failures: Quota;
}

/** What came was worth nothing: a code or a state that nobody handed out, or that was used. */
const WORTHLESS: ReadonlySet<ErrorCode> = new Set(['oauth.code_invalid', 'oauth.flow_invalid']);

/** How much faster the price of failures grows than their number. */
const PRICE_SHARE = 1 / 2;

/** Buckets of a limiter: several processes of auth keep them together, and each goes on alone without Redis (SYNC F2). */
export function createSignInLimit(limiter: Limiter, quotas: SignInQuotas): SignInLimit {
  const ofAddress = limiter.quota('sign_in', quotas.ofAddress);
  const ofAccount = limiter.quota('sign_in.account', quotas.ofAccount);
  const failures = limiter.quota('sign_in.failure', quotas.failures);
  return {
    take: async (address) => {
      const who = addressKey(address);
      // Taking nothing tells what is left; taking more than that is refused, and tells when it would not be.
      if (failures.take(who, 0).left < 1) refuse(failures.take(who).retryMs);
      takeOne(ofAddress, who);
    },
    takeFor: (account, home) => {
      takeOne(ofAccount, home === undefined ? account : `${account} at ${addressKey(home)}`);
    },
    failed: (address) => {
      const who = addressKey(address);
      const { left } = failures.take(who, 0);
      const price = Math.ceil((failures.quota.points - left) * PRICE_SHARE);
      failures.take(who, Math.min(left, Math.max(1, price)));
    },
  };
}

/** Does the work, and counts it where it fails for what the caller brought. */
export async function countingFailures<T>(
  limit: SignInLimit,
  address: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (WORTHLESS.has(toHttpError(error).code)) limit.failed(address);
    throw error;
  }
}

function takeOne(limited: LimitedQuota, who: string): void {
  const { allowed, retryMs } = limited.take(who);
  if (!allowed) refuse(retryMs);
}

function refuse(retryAfterMs: number): never {
  throw fail('rate.limited', undefined, undefined, { retryAfterMs });
}
