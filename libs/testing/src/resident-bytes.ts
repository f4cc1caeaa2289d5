import { readFileSync } from 'node:fs';

/** What the kernel holds for a process (VmRSS of /proc/PID/status: Linux only); undefined for one that has ended. */
export function residentBytes(pid: number): number | undefined {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return kib === undefined ? undefined : Number(kib) * 1_024;
}
