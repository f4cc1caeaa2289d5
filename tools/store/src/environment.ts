import { randomUUID } from 'node:crypto';
import type { Environment } from '@state-server/domain';

/** This machine's. Not that of libs/platform: a program that may be run in an emergency starts without a web framework. */
export const environment: Environment = {
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  ids: { uuid: () => randomUUID() },
  random: { next: () => Math.random() },
  timers: {
    set: (ms, task) => setTimeout(task, ms).unref(),
    clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
  },
};
