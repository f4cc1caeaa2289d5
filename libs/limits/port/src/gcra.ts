/** So many points in so much time, for one caller. */
export interface Quota {
  readonly points: number;
  readonly seconds: number;
}

/** A quota as the arithmetic wants it. */
export interface Rate {
  /** What one point costs: the time in which it comes back. */
  readonly costMs: number;
  /** The debt that is never exceeded: all points at once. */
  readonly windowMs: number;
}

export interface Taken {
  readonly allowed: boolean;
  /** The moment at which the debt is paid off, after this; unchanged where nothing was taken. */
  readonly paidAt: number;
  /** Points that could be taken at once, after this. */
  readonly left: number;
  /** Until all points are there again. */
  readonly fullMs: number;
  /** Until as much as was asked for can be taken; 0 where it was. */
  readonly retryMs: number;
}

/** Fractions of a ms that arithmetic may lose: a point is never refused for them. */
const EPSILON_MS = 1e-3;

export function rateOf({ points, seconds }: Quota): Rate {
  const windowMs = seconds * 1_000;
  return { costMs: windowMs / points, windowMs };
}

/**
 * The generic cell rate algorithm (ITU-T I.371, as a virtual schedule). All that is known of a caller is one number: the
 * moment at which what he has taken is paid off (the theoretical arrival time). All points may be taken at once; each comes
 * back by itself, at its own time, so there is no edge of a window at which twice as many could pass. In any span of t ms
 * at most `points + t / costMs` are let through.
 * @param paidAt ms of the same clock as `now`; anything in the past for who has taken nothing
 */
export function take(rate: Rate, paidAt: number, now: number, points = 1): Taken {
  const { costMs, windowMs } = rate;
  const before = Math.max(0, paidAt - now);
  const after = before + points * costMs;
  const allowed = after <= windowMs + EPSILON_MS;
  const debt = allowed ? after : before;
  return {
    allowed,
    paidAt: allowed ? now + after : paidAt,
    left: Math.max(0, Math.floor((windowMs - debt + EPSILON_MS) / costMs)),
    fullMs: debt,
    retryMs: allowed ? 0 : after - windowMs,
  };
}
