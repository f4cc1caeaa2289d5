import { stripVTControlCharacters } from 'node:util';

export interface TaskResult {
  /** `project:target` */
  readonly task: string;
  readonly ok: boolean;
  /** Nothing it depends on changed: the result of an earlier run was taken. */
  readonly fromCache: boolean;
  /** What the task printed; kept only of one that failed. */
  readonly output: string;
}

const DONE = /^\s*✔\s+nx run (\S+)(.*)$/;
const FAILED = /^\s*(?:✖\s+|> )nx run (\S+)/;
const SUMMARY = /^\s*(Run duration:|NX {3})/;

/** Reads the lines of `nx run-many --output-style=static-failures-only`: one result per task, as each ends. */
export class NxOutput {
  readonly results: TaskResult[] = [];
  private failing: { task: string; lines: string[] } | undefined;

  constructor(private readonly onResult: (result: TaskResult) => void) {}

  push(raw: string): void {
    const line = stripVTControlCharacters(raw).trimEnd();
    const done = DONE.exec(line);
    const failed = FAILED.exec(line);
    if (done?.[1]) {
      this.end();
      const fromCache = /\[.*cache.*\]$/.test(done[2] ?? '');
      this.add({ task: done[1], ok: true, fromCache, output: '' });
    } else if (failed?.[1]) {
      this.end();
      this.failing = { task: failed[1], lines: [] };
    } else if (SUMMARY.test(line)) {
      this.end();
    } else {
      this.failing?.lines.push(line);
    }
  }

  /** The output is over: what was being read is complete. */
  end(): void {
    const { failing } = this;
    this.failing = undefined;
    if (failing) this.add({ task: failing.task, ok: false, fromCache: false, output: tidy(failing.lines) });
  }

  private add(result: TaskResult): void {
    this.results.push(result);
    this.onResult(result);
  }
}

/** Without the echo of the command at the top and the runner's remark at the end. */
function tidy(lines: readonly string[]): string {
  const said = lines.filter((line) => !/^> \S+/.test(line) && !/^Warning: command ".*" exited/.test(line));
  return said.join('\n').trim();
}
