import { readFileSync } from 'node:fs';

/** Resident memory of a process, MiB. */
export function rssOf(pid: number | null): number {
  if (pid === null) return 0;
  const [, kib = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1_024);
}
