import type { SessionDoc } from '@state-server/persistence-port';

/** How long a session lives. */
export interface SessionLifetimes {
  /** Ms from its last use. */
  readonly idleMs: number;
  /** Ms from the sign-in, however much it is used. */
  readonly absoluteMs: number;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

export const DEFAULT_LIFETIMES: SessionLifetimes = { idleMs: 30 * DAY_MS, absoluteMs: 90 * DAY_MS };

/** When a session that is used now ends by itself, ms since the epoch. */
export function sessionEnd(
  session: Pick<SessionDoc, 'created_at'>,
  now: number,
  { idleMs, absoluteMs }: SessionLifetimes,
): number {
  return Math.min(now + idleMs, Date.parse(session.created_at) + absoluteMs);
}
