/** What a pure rule may not take from the machine by itself: injected, so that a simulator can own it. */
export interface Clock {
  /** Wall clock, ms since the Unix epoch; may jump. */
  now(): number;
  /** Ms from an arbitrary start; never goes back. */
  monotonic(): number;
}

export interface Ids {
  /** A fresh lower-case UUID v4. */
  uuid(): string;
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

/** A timer of Node is an object, one of a browser a number. */
export type TimerHandle = object | number;

export interface Timers {
  /** Runs `task` once after `ms`. */
  set(ms: number, task: () => void): TimerHandle;
  clear(handle: TimerHandle): void;
}

export interface Environment {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly timers: Timers;
}
