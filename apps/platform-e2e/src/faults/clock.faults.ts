import { type Fault } from './support/fault';
import { lasting } from './support/lasting';

export const TEN_MINUTES_MS = 600_000;

/** One service whose clock is off for a while; it is restarted for that, and again to be right (L4). */
export const clockOff = (name: string, offsetMs: number): Fault => ({
  name: `the clock of ${name} ${Math.abs(offsetMs) / 60_000} min ${offsetMs > 0 ? 'ahead' : 'behind'}`,
  touches: [name],
  tolerates: (complaint) => complaint.includes('clock.skew'),
  run: async ({ system, holdMs }) => {
    await system.restartWith(name, { CLOCK_OFFSET_MS: String(offsetMs) });
    await lasting(holdMs);
    await system.restartWith(name, {});
  },
});
