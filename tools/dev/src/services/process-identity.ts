import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two looks at a process that is not our child. */
const LOOK_MS = 500;

/** A process named so that a recycled pid is never taken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque: when it started, as the system tells it. */
  readonly started: string;
}

/** The identity of a running process; undefined when there is none with this pid (or only its remains). */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = process.platform === 'linux' ? startedOnLinux(pid) : startedByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isRunning({ pid, started }: ProcessIdentity): boolean {
  return identify(pid)?.started === started;
}

/** Resolves when the process that has this pid now is there no more; at once if there is none. Keeps nobody running. */
export async function untilGone(pid: number): Promise<void> {
  const process = identify(pid);
  while (process && isRunning(process)) await sleep(LOOK_MS, undefined, { ref: false });
}

/** Sends the signal if this very process still runs; answers whether it did. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}

function startedOnLinux(pid: number): string | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the program's name in parentheses and may hold anything: count from its end.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isRemains = state === 'Z' || state === 'X';
  const boot = readOrUndefined('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  return isRemains ? undefined : `${boot}:${fields[18] ?? ''}`;
}

function startedByPs(pid: number): string | undefined {
  try {
    const output = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
    }).trim();
    return output === '' || output.startsWith('Z') ? undefined : output.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
