import type { Environment, TimerHandle } from '@state-server/domain';
import { seededIds, seededRandom } from './random';

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly task: () => void;
}

export interface FakeEnvironment extends Environment {
  /** Moves both clocks on and runs what falls due on the way, in order; pending promises settle after each task. */
  advance(ms: number): Promise<void>;
  /** Lets all promises settle that need no time to pass. */
  settle(): Promise<void>;
  /** Sets the wall clock apart from the monotonic one, as an operator or NTP would. */
  jump(ms: number): void;
  /** Timers that have not run yet. */
  readonly pendingTimers: number;
}

/** Rounds through the event loop that count as "settled"; stores and buses in memory need only a few. */
const SETTLE_ROUNDS = 12;

/**
 * Time, ids, randomness and timers under the test's control. Time stands still until `advance`.
 * @param start ms since the epoch; the default is 2026-01-01T00:00:00Z.
 */
export function createFakeEnvironment(options: { seed?: number; start?: number } = {}): FakeEnvironment {
  const random = seededRandom(options.seed ?? 1);
  let wall = options.start ?? Date.UTC(2026, 0, 1);
  let monotonic = 0;
  let order = 0;
  const pending = new Set<Pending>();

  const settle = async (): Promise<void> => {
    for (let round = 0; round < SETTLE_ROUNDS; round += 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  };

  const nextDue = (limit: number): Pending | undefined => {
    let first: Pending | undefined;
    for (const timer of pending) {
      if (timer.due > limit) continue;
      if (!first || timer.due < first.due || (timer.due === first.due && timer.order < first.order))
        first = timer;
    }
    return first;
  };

  const advance = async (ms: number): Promise<void> => {
    const target = monotonic + ms;
    await settle();
    for (let timer = nextDue(target); timer; timer = nextDue(target)) {
      pending.delete(timer);
      wall += Math.max(0, timer.due - monotonic);
      monotonic = Math.max(monotonic, timer.due);
      timer.task();
      await settle();
    }
    wall += target - monotonic;
    monotonic = target;
  };

  return {
    clock: { now: () => wall, monotonic: () => monotonic },
    ids: seededIds(random),
    random,
    timers: {
      set(ms, task): TimerHandle {
        order += 1;
        const timer: Pending = { due: monotonic + Math.max(0, ms), order, task };
        pending.add(timer);
        return timer;
      },
      clear(handle) {
        pending.delete(handle as Pending);
      },
    },
    advance,
    settle,
    jump(ms) {
      wall += ms;
    },
    get pendingTimers() {
      return pending.size;
    },
  };
}
