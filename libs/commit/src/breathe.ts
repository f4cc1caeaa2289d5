import type { Environment } from '@state-server/domain';

/** Milliseconds of work between two breaths of the event loop. */
const SLICE_MS = 6;

/** Gives the event loop its turn when the slice is over. */
export type Breathe = () => Promise<void>;

/** For long work in short slices; without an environment it never pauses. */
export function breather(environment: Pick<Environment, 'clock' | 'timers'> | undefined): Breathe {
  if (!environment) return () => Promise.resolve();
  const { clock, timers } = environment;
  let since = clock.monotonic();
  return async () => {
    if (clock.monotonic() - since < SLICE_MS) return;
    await new Promise<void>((resolve) => void timers.set(0, resolve));
    since = clock.monotonic();
  };
}
