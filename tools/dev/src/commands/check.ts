import { runNx } from '../nx';
import { type TaskResult } from '../report/nx-output';
import { seconds } from '../report/summary';
import { type Terminal } from '../terminal';

/**
 * In the order in which a person wants to read them. `…-all` looks at the whole workspace in one process: a quarter of the time
 * that the same target takes project by project, which is for `nx affected`.
 */
const TARGETS = ['boundaries', 'lint-all', 'typecheck-all', 'format-all', 'generated'];

/** Everything that is not a test, as cached Nx targets. Answers the exit code. */
export async function check(terminal: Terminal): Promise<number> {
  const startedAt = performance.now();
  let done = 0;
  const run = await terminal.step(
    `Checking ${TARGETS.join(', ')}`,
    (say) =>
      runNx(['run-many', '-t', ...TARGETS, '--parallel=2'], (result) => {
        done += 1;
        say(`Checking: ${done} done, last ${result.task}`);
      }),
    ({ exitCode }) => exitCode === 0,
  );
  for (const { task, ok, output } of run.results) {
    if (!ok) terminal.line(`\n✖ ${task}\n${output}`);
  }
  terminal.line();
  for (const target of TARGETS) terminal.line(describeTarget(target, run.results));
  const explained = run.results.some((result) => !result.ok);
  if (run.exitCode !== 0 && !explained) terminal.line(run.output);
  const verdict = run.exitCode === 0 ? 'Everything is in order' : 'Not in order';
  terminal.line(`${verdict} (${seconds(performance.now() - startedAt)})`);
  if (run.results.some((result) => !result.ok && result.task.endsWith(':format-all'))) {
    terminal.line('npx prettier --write . puts the format right.');
  }
  return run.exitCode === 0 ? 0 : 1;
}

export function describeTarget(target: string, results: readonly TaskResult[]): string {
  const own = results.filter((result) => result.task.endsWith(`:${target}`));
  const failed = own.filter((result) => !result.ok).map((result) => result.task.replace(`:${target}`, ''));
  const cached = own.filter((result) => result.fromCache).length;
  const facts = [
    `${own.length - failed.length} in order`,
    ...(cached > 0 ? [`${cached} of them known from before`] : []),
  ];
  if (failed.length > 0) facts.push(`NOT in order: ${failed.join(', ')}`);
  return `${failed.length > 0 ? '✖' : '✔'} ${target.padEnd(13)} ${facts.join('; ')}`;
}
