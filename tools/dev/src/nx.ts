import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { NxOutput, type TaskResult } from './report/nx-output';
import { ROOT } from './workspace';

export interface NxRun {
  readonly results: readonly TaskResult[];
  readonly exitCode: number;
  /** Everything it printed, for the case that no task explains the failure. */
  readonly output: string;
}

/** Runs nx without its daemon and its own display; tells each task's result as soon as it is known. */
export async function runNx(args: readonly string[], onResult: (result: TaskResult) => void): Promise<NxRun> {
  const child = spawn(
    process.execPath,
    ['node_modules/nx/dist/bin/nx.js', ...args, '--output-style=static-failures-only'],
    {
      cwd: ROOT,
      env: {
        ...process.env,
        NX_DAEMON: 'false',
        NX_TUI: 'false',
        NX_SKIP_LOG_GROUPING: 'true',
        NO_COLOR: '1',
        FORCE_COLOR: '0',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const closed = once(child, 'close');
  const parser = new NxOutput(onResult);
  const lines: string[] = [];
  const take = (line: string): void => {
    lines.push(line);
    parser.push(line);
  };
  createInterface({ input: child.stdout }).on('line', take);
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
  await closed;
  parser.end();
  return { results: parser.results, exitCode: child.exitCode ?? 1, output: lines.join('\n') };
}

/** Names of the projects that have the target. */
export async function projectsWith(target: string): Promise<string[]> {
  const { output, exitCode } = await runNx(
    ['show', 'projects', '--withTarget', target, '--json'],
    () => undefined,
  );
  const list = /\[.*\]/s.exec(output)?.[0];
  if (exitCode !== 0 || list === undefined) throw new Error(`nx could not read the projects:\n${output}`);
  const names: unknown = JSON.parse(list);
  return Array.isArray(names) ? names.map(String).sort() : [];
}
