/** What `./dev` says: one line per fact; on a terminal the line of what is going on is rewritten in place. */
export interface Terminal {
  line(text?: string): void;
  /** Shows that `what` goes on until the task ends, then how long it took. Answers what the task answers. */
  step<T>(what: string, task: (say: (what: string) => void) => Promise<T>): Promise<T>;
}

export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** Without a terminal nobody sees a spinner: a line now and then says that it still goes on. */
const STILL_MS = 30_000;
const CLEAR = '\r\u001b[K';

export function terminal(output: Output = process.stdout): Terminal {
  const line = (text = ''): void => void output.write(`${text}\n`);
  const live = output.isTTY === true;

  const step = async <T>(what: string, task: (say: (what: string) => void) => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const elapsed = (): string => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
    let now = what;
    let frame = 0;
    const spin = (): void =>
      void output.write(`${CLEAR}${FRAMES[frame++ % FRAMES.length] ?? ''} ${now} (${elapsed()})`);
    const still = (): void => line(`… still: ${now} (${elapsed()})`);
    if (!live) line(`… ${what}`);
    const timer = setInterval(live ? spin : still, live ? FRAME_MS : STILL_MS);
    const end = (mark: string): void => {
      clearInterval(timer);
      line(`${live ? CLEAR : ''}${mark} ${what} (${elapsed()})`);
    };
    try {
      const result = await task((text) => (now = text));
      end('✔');
      return result;
    } catch (error) {
      end('✖');
      throw error;
    }
  };
  return { line, step };
}
