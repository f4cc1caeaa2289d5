import { residentBytes } from '@state-server/testing';

const MIB = 1_024 * 1_024;

/** Resident memory of a process, MiB. */
export function rssOf(pid: number | null): number {
  return pid === null ? 0 : Math.round((residentBytes(pid) ?? 0) / MIB);
}
