import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '@state-server/testing';
import type { HostileOptions, HostileStats } from './hostile-program';

const ROOT = join(__dirname, '../../../../..');

/** Clients that mean no good, in a process of their own with the lowest priority. */
export class Hostile {
  private readonly said: HostileStats[] = [];

  private constructor(private readonly child: ChildProcess) {
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.hear(line));
  }

  /** Ready when it resolves; does nothing until it is told. */
  static async start(options: HostileOptions): Promise<Hostile> {
    const program = 'apps/platform-e2e/src/faults/support/hostile-program.ts';
    const args = ['tools/dev/run.mjs', program, JSON.stringify(options)];
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
    const hostile = new Hostile(child);
    await hostile.off();
    return hostile;
  }

  on(): void {
    this.child.stdin?.write('on\n');
  }

  /** All its connections are cut; what they came to. */
  off(): Promise<HostileStats> {
    return this.ask('off');
  }

  /** What they came to so far. */
  stats(): Promise<HostileStats> {
    return this.ask('stats');
  }

  private async ask(question: string): Promise<HostileStats> {
    this.said.length = 0;
    this.child.stdin?.write(`${question}\n`);
    return until(() => this.said[0], { what: 'the hostile clients to answer', timeoutMs: 20_000 });
  }

  /** The peer is gone without a word, as far as anybody can tell. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  end(): void {
    this.child.kill('SIGKILL');
  }

  private hear(line: string): void {
    this.said.push(JSON.parse(line) as HostileStats);
  }
}
