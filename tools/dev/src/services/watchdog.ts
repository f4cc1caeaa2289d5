/** On the embedded store a process that is frozen inside the writer lock stops every writer of the machine. */
export const SILENT_MS = 3_000;

/** A tick of the watchdog that comes this late says that the machine slept, or the watchdog itself was stopped. */
const OWN_PAUSE_MS = 2_000;

export interface Pulse {
  readonly name: string;
  /** Monotonic ms of the last answer of /health/live. */
  readonly answeredAt: number;
}

/**
 * Which services are to be killed: silent for SILENT_MS while at least one other answers. When nobody answers,
 * the machine is at fault, and killing helps nobody.
 */
export function silentServices(pulses: readonly Pulse[], now: number, pollMs: number): string[] {
  const others = pulses.filter((pulse) => now - pulse.answeredAt <= 2 * pollMs);
  if (others.length === 0) return [];
  return pulses.filter((pulse) => now - pulse.answeredAt > SILENT_MS).map((pulse) => pulse.name);
}

export const sleptSince = (lastTick: number, now: number): boolean => now - lastTick > OWN_PAUSE_MS;
