import type { Identity } from './ports';

/** Beyond its token a session lives for a while, so that it can be refreshed in peace; beyond a guest's stay it does not. */
export function endOf({ expires_at, guest }: Identity, graceMs: number): number {
  return Math.min(expires_at + graceMs, guest?.expires_at ?? Infinity);
}
