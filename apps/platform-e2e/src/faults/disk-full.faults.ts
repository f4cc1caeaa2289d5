import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault } from './support/fault';
import { type FaultSystem } from './support/fault-system';

/** `grown`: nothing may grow, as on a full disk; `all`: nothing can be written at all, logs included, as on a broken one. */
export type FullDisk = 'grown' | 'all';

/** The root pages of the store, which are written last. */
const ROOT_BYTES = 16_384;

/**
 * No process may write to a file behind a place (RLIMIT_FSIZE): what a full disk is to it, without one. Answers how to give
 * the room back. Processes that are started later are not limited.
 */
export function fillDisk(system: FaultSystem, kind: FullDisk): () => void {
  const size = kind === 'all' ? ROOT_BYTES : statSync(join(system.data, 'store', 'data.mdb')).size;
  const pids = system.services.flatMap(({ pid }) => (pid === null ? [] : [pid]));
  const limit = (to: string): void => {
    for (const pid of pids) {
      try {
        execFileSync('prlimit', ['--pid', String(pid), `--fsize=${to}`]);
      } catch {
        // It has ended meanwhile.
      }
    }
  };
  limit(`${size}:unlimited`);
  return () => limit('unlimited');
}

/** Writes wait while it lasts, and are saved afterwards: no SDK user sees an error. */
export const diskFull: Fault = {
  name: 'disk full',
  touches: ['store'],
  run: async ({ system, holdMs }) => {
    const makeRoom = fillDisk(system, 'all');
    try {
      await sleep(holdMs);
    } finally {
      makeRoom();
    }
  },
};
