import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface ReloadingOptions {
  readonly program: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onLine: (line: string) => void;
  /** It ended by itself: nothing restarts it before the next reload. */
  readonly onEnded: (how: string) => void;
}

/** Longer than a service needs to let go; nobody who edits code wants to wait for a full drain. */
const GRACE_MS = 2_000;

/** A program that is started anew whenever it was built anew: the old one has ended before the new one begins. */
export class Reloading {
  private child: ChildProcess | undefined;
  private queue: Promise<void> = Promise.resolve();

  constructor(private readonly options: ReloadingOptions) {}

  reload(): Promise<void> {
    return this.enqueue(() => this.start());
  }

  end(): Promise<void> {
    return this.enqueue(() => undefined);
  }

  /** After the steps before it, and after the program has ended. */
  private enqueue(next: () => void): Promise<void> {
    this.queue = this.queue.then(() => this.stop()).then(next);
    return this.queue;
  }

  private start(): void {
    const { program, env, onLine, onEnded } = this.options;
    const child = spawn(process.execPath, ['--enable-source-maps', program], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    createInterface({ input: child.stdout }).on('line', onLine);
    createInterface({ input: child.stderr }).on('line', onLine);
    this.child = child;
    child.once('exit', (code, signal) => {
      if (this.child !== child) return;
      this.child = undefined;
      onEnded(signal ?? `exit code ${code ?? 'unknown'}`);
    });
  }

  private async stop(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    await ended;
    clearTimeout(late);
  }
}
