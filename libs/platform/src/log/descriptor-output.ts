import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** A reader that is behind is waited for so long in all, ms: a log that is not read must not stop the service. */
const PATIENCE_MS = 200;
const WAIT_MS = 5;

/**
 * Writes each line at once: one that is under way when the process ends would be lost, and just that tells why it ended. A
 * line that cannot be written (a full disk has no room for logs either) is dropped, and nothing else happens: pino's own
 * destination would end the process, or at its end try for ever.
 */
export function descriptorOutput(fd: number): DestinationStream {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  return {
    write: (line) => {
      let rest = Buffer.from(line);
      for (let waited = 0; rest.byteLength > 0 && waited <= PATIENCE_MS;) {
        try {
          rest = rest.subarray(writeSync(fd, rest));
        } catch (error) {
          if (!isBusy(error)) return;
          Atomics.wait(pause, 0, 0, WAIT_MS);
          waited += WAIT_MS;
        }
      }
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY');
}
