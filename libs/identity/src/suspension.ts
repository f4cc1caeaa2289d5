import type { UserDoc } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import { toTime } from './identity';

/** Whether the user may not sign in now (ms since the epoch). */
export function isSuspended({ suspension }: Pick<UserDoc, 'suspension'>, now: number): boolean {
  return suspension !== undefined && (suspension.until === undefined || suspension.until > toTime(now));
}

/** Throws `user.suspended`, with the time until which, where there is one. */
export function assertNotSuspended(user: Pick<UserDoc, 'suspension'>, now: number): void {
  if (!isSuspended(user, now)) return;
  const until = user.suspension?.until;
  throw fail('user.suspended', until === undefined ? undefined : { until });
}
