import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** A reader that is behind is waited for so long in all, ms: a log that is not read must not stop the service. */
const PATIENCE_MS = 200;
const WAIT_MS = 5;
/** What is of no urgency is written together: after so many ms, or so many characters. */
const GATHER_MS = 20;
const GATHER_CHARS = 16_384;
/** Pino's number of `warn`. */
const WARN = 40;

/** Pino then tells the level of each line before it writes it. */
const METADATA = Symbol.for('pino.metadata');

interface Output extends DestinationStream {
  readonly [METADATA]: true;
  lastLevel: number;
}

/**
 * Writes warnings and worse at once, with all that came before them: a line that is under way when the process ends would
 * be lost, and just that tells why it ended. Lines below that wait for each other for 20 ms at most, and for the end of
 * the process; one that is killed (SIGKILL) takes those with it. A line that cannot be written (a full disk has no room for
 * logs either) is dropped, and nothing else happens: pino's own destination would end the process, or at its end try for
 * ever.
 */
export function descriptorOutput(fd: number): DestinationStream {
  let gathered = '';
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const text = gathered;
    gathered = '';
    if (text !== '') writeAll(fd, text);
  };
  process.on('exit', flush);
  const output: Output = {
    [METADATA]: true,
    lastLevel: WARN,
    write: (line) => {
      gathered += line;
      if (output.lastLevel >= WARN || gathered.length >= GATHER_CHARS) flush();
      else timer ??= setTimeout(flush, GATHER_MS).unref();
    },
  };
  return output;
}

const pause = new Int32Array(new SharedArrayBuffer(4));

function writeAll(fd: number, text: string): void {
  let rest = Buffer.from(text);
  for (let waited = 0; rest.byteLength > 0 && waited <= PATIENCE_MS;) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (!isBusy(error)) return;
      Atomics.wait(pause, 0, 0, WAIT_MS);
      waited += WAIT_MS;
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY');
}
