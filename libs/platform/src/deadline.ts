import type { TimerHandle, Timers } from '@state-server/domain';
import { realEnvironment } from './real-environment';

/** Something did not answer in time. What it was asked to do may still happen. */
export class DeadlineError extends Error {
  constructor(
    /** What was asked: `jwks.fetch`, `health.store`, … */
    readonly label: string,
    readonly ms: number,
  ) {
    super(`${label} did not end within ${ms} ms`);
    this.name = 'DeadlineError';
  }
}

/**
 * The work's outcome, or a DeadlineError after `ms`. Work that can be given up takes the signal, which is aborted then;
 * work that cannot goes on unheard, and its late failure is nobody's.
 */
export async function withDeadline<T>(
  work: Promise<T> | ((signal: AbortSignal) => Promise<T>),
  ms: number,
  label: string,
  timers: Timers = realEnvironment.timers,
): Promise<T> {
  const controller = new AbortController();
  const running = typeof work === 'function' ? work(controller.signal) : work;
  running.catch(() => undefined);
  let timer: TimerHandle | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = timers.set(ms, () => {
      const error = new DeadlineError(label, ms);
      reject(error);
      controller.abort(error);
    });
  });
  try {
    return await Promise.race([running, late]);
  } finally {
    if (timer !== undefined) timers.clear(timer);
  }
}
