import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Position of utime in /proc/PID/stat, counted from behind the command's name (proc(5), fields 14 and 15). */
const UTIME = 11;

/** CPU seconds that a process has used so far, user and system together. Reads /proc: Linux only. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME]) + Number(fields[UTIME + 1])) / ticksPerSecond();
}

let ticks: number | undefined;

function ticksPerSecond(): number {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return ticks;
}
