/** What `./dev` says: one line per fact; on a terminal the line of what is going on is rewritten in place. */
export interface Terminal {
  line(text?: string): void;
  /**
   * Shows that `what` goes on until the task ends, then how long it took. Answers what the task answers.
   * @param isGood whether the answer is a success; a task that throws is none in any case
   */
  step<T>(
    what: string,
    task: (say: (what: string) => void) => Promise<T>,
    isGood?: (result: T) => boolean,
  ): Promise<T>;
}

export interface Output {
  readonly isTTY?: boolean;
  /** Characters in a line. */
  readonly columns?: number;
  write(text: string): unknown;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** Without a terminal nobody sees a spinner: a line now and then says that it still goes on. */
const STILL_MS = 30_000;
/** Some terminals say that they have none. */
const DEFAULT_COLUMNS = 80;
const CLEAR = '\r\u001b[K';

export function terminal(output: Output = process.stdout): Terminal {
  const live = output.isTTY === true;
  let showing = false;
  const line = (text = ''): void => {
    output.write(`${showing ? CLEAR : ''}${text}\n`);
  };

  const step = async <T>(
    what: string,
    task: (say: (what: string) => void) => Promise<T>,
    isGood: (result: T) => boolean = () => true,
  ): Promise<T> => {
    const startedAt = performance.now();
    const elapsed = (): string => `(${((performance.now() - startedAt) / 1000).toFixed(1)} s)`;
    let now = what;
    let frame = 0;
    const spin = (): void => {
      showing = true;
      const text = `${FRAMES[frame++ % FRAMES.length] ?? ''} ${now} ${elapsed()}`;
      output.write(`${CLEAR}${text.slice(0, (output.columns || DEFAULT_COLUMNS) - 1)}`);
    };
    const still = (): void => line(`… still: ${now} ${elapsed()}`);
    if (!live) line(`… ${what}`);
    const timer = setInterval(live ? spin : still, live ? FRAME_MS : STILL_MS);
    let mark = '✖';
    try {
      const result = await task((text) => (now = text));
      if (isGood(result)) mark = '✔';
      return result;
    } finally {
      clearInterval(timer);
      line(`${mark} ${what} ${elapsed()}`);
      showing = false;
    }
  };
  return { line, step };
}
