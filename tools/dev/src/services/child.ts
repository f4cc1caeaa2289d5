import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { lastWords, tailOf } from './last-words';
import { identify, type ProcessIdentity } from './process-identity';

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Its output is appended here. */
  readonly logFile: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly ranMs: number;
  /** What its output says about why, in one line. */
  readonly words: string;
}

/** A file that is read as memory ends its reader so when its end or a page of it is missing. */
const OF_DAMAGED_FILES: readonly (NodeJS.Signals | null)[] = ['SIGBUS', 'SIGSEGV'];

export function describeExit({ code, signal }: Pick<Exit, 'code' | 'signal'>): string {
  if (!signal) return `exit code ${code ?? 'unknown'}`;
  const hint = OF_DAMAGED_FILES.includes(signal) ? ', as by a damaged store file: ./dev store check' : '';
  return `signal ${signal}${hint}`;
}

/** One incarnation of a service's process, from its start to its end. */
export class Child {
  readonly exited: Promise<Exit>;
  readonly identity: ProcessIdentity | undefined;
  private readonly process: ChildProcess;
  /** How it ended, once it has. */
  exit: Exit | undefined;

  constructor(spec: ProcessSpec) {
    const startedAt = performance.now();
    mkdirSync(dirname(spec.logFile), { recursive: true });
    const log = openSync(spec.logFile, 'a');
    const offset = fstatSync(log).size;
    // A group of its own: Ctrl-C in the terminal reaches the supervisor alone, who ends the others in order.
    this.process = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    this.identity = this.process.pid === undefined ? undefined : identify(this.process.pid);
    this.exited = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null, words?: string): void => {
        const ranMs = performance.now() - startedAt;
        this.exit ??= { code, signal, ranMs, words: words ?? lastWords(tailOf(spec.logFile, offset)) };
        resolve(this.exit);
      };
      this.process.once('error', (error) => end(null, null, error.message));
      this.process.once('exit', (code, signal) => end(code, signal));
    });
  }

  /** SIGTERM, then SIGKILL when it has not ended after `graceMs`. */
  async stop(graceMs: number): Promise<Exit> {
    this.signal('SIGTERM');
    const late = setTimeout(() => this.signal('SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(late);
    }
  }

  /** Node's own handle knows whether the process ended: a recycled pid is never hit. */
  signal(signal: NodeJS.Signals): void {
    if (!this.exit) this.process.kill(signal);
  }
}
