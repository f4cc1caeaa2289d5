import type { RosterDoc } from '@state-server/persistence-port';

/** A gateway says again who is there, ms. */
export const ROSTER_EVERY_MS = 10_000;
/** One that has said nothing for so long is dead, ms: so long a place that it has counted stays taken. */
export const ROSTER_DEAD_MS = 30_000;
/** Documents of one brane; one holds up to PEOPLE_PER_ROSTER. */
export const ROSTERS_PER_BRANE = 1_000;
export const PEOPLE_PER_ROSTER = 500;

/** Whether whoever wrote this is still there, as far as one knows at this time (ms since the epoch). */
export function isAlive({ at }: Pick<RosterDoc, 'at'>, now: number): boolean {
  return now - Date.parse(at) < ROSTER_DEAD_MS;
}
