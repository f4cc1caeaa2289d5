import { closeSync, openSync, readSync } from 'node:fs';

/** ms */
const BUCKETS = [1, 2, 5, 10, 20, 50] as const;

/** One turn of the event loop that was worth noting. */
interface Turn {
  /** ms from its beginning to its end. */
  readonly wall: number;
  /** ms that this thread was on a CPU. */
  readonly own: number;
  /** ms that it was ready to run, and others ran. */
  readonly waited: number;
}

export interface LoopReport {
  readonly turns: readonly Turn[];
  /** The longest, by what it did itself. */
  readonly longestOwn: number;
  readonly longestWall: number;
}

/**
 * Measures every turn of this process's event loop while something runs on it. The kernel tells for the main thread how
 * long it was on a CPU and how long it waited for one (/proc/self/schedstat, Linux), so work of our own stands apart from
 * what a busy machine makes of it. While it watches the loop never sleeps: a turn is never longer than what was done in it.
 */
export async function watchLoop<T>(
  run: () => Promise<T>,
): Promise<{ readonly value: T; readonly report: LoopReport }> {
  const file = openSync('/proc/self/schedstat', 'r');
  const turns: Turn[] = [];
  let watching = true;
  let last = sample(file);
  const turn = (): void => {
    const now = sample(file);
    const wall = now.at - last.at;
    if (wall >= BUCKETS[0])
      turns.push({ wall, own: now.onCpu - last.onCpu, waited: now.waited - last.waited });
    last = now;
    if (watching) setImmediate(turn);
    else closeSync(file);
  };
  setImmediate(turn);
  try {
    const value = await run();
    return { value, report: summary(turns) };
  } finally {
    watching = false;
  }
}

/** ms since arbitrary starts. */
interface Sample {
  readonly at: number;
  readonly onCpu: number;
  readonly waited: number;
}

const text = Buffer.alloc(128);

/** Of the main thread, whose id is that of the process: ns on a CPU, ns waiting for one, slices (Linux, sched-stats). */
function sample(file: number): Sample {
  const length = readSync(file, text, 0, text.length, 0);
  const [onCpu, waited] = text.toString('latin1', 0, length).split(' ');
  return { at: performance.now(), onCpu: Number(onCpu) / 1e6, waited: Number(waited) / 1e6 };
}

function summary(turns: readonly Turn[]): LoopReport {
  const most = (of: (turn: Turn) => number): number =>
    turns.reduce((max, turn) => Math.max(max, of(turn)), 0);
  return { turns: [...turns], longestOwn: most(({ own }) => own), longestWall: most(({ wall }) => wall) };
}

/** Two histograms, one line each: what the turns did themselves, and how long they took with what others did meanwhile. */
export function describeLoop({ turns }: LoopReport): string {
  const line = (of: (turn: Turn) => number): string =>
    [0, ...BUCKETS]
      .map((from, index) => {
        const to = BUCKETS[index] ?? Number.POSITIVE_INFINITY;
        const count = turns.filter((turn) => of(turn) >= from && of(turn) < to).length;
        return `${to === Number.POSITIVE_INFINITY ? `over ${from}` : `${from}–${to}`}: ${count}`;
      })
      .join('  ');
  const waited = turns.reduce((sum, turn) => sum + turn.waited, 0);
  return [
    `    own work, ms      ${line(({ own }) => own)}`,
    `    with waiting, ms  ${line(({ wall }) => wall)}  (${waited.toFixed(0)} ms waited for a CPU in all)`,
  ].join('\n');
}
