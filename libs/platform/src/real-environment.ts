import { randomUUID } from 'node:crypto';
import type { Environment } from '@state-server/domain';

/** Time, ids, randomness and timers of this machine. A timer that is left does not keep the process alive. */
export const realEnvironment: Environment = {
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  ids: { uuid: () => randomUUID() },
  random: { next: () => Math.random() },
  timers: {
    set: (ms, task) => setTimeout(task, ms).unref(),
    clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
  },
};

/** The same with a clock that is wrong by so many ms; durations stay right. */
export function environmentWithOffset(environment: Environment, offsetMs: number): Environment {
  if (offsetMs === 0) return environment;
  const { clock } = environment;
  return {
    ...environment,
    clock: { now: () => clock.now() + offsetMs, monotonic: () => clock.monotonic() },
  };
}
