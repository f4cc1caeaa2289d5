import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { reportFile } from './report/report-files';
import { runMain, UserError } from './user-error';
import { ROOT } from './workspace';

/** A suite that hangs must not hang everything: far above what the slowest project takes. */
const TIME_LIMIT_MS = 15 * 60_000;

/** Jest over one project, with its report where `./dev test` sums them: the `test` target of every project. */
runMain(async () => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { testFile: { type: 'string' }, testName: { type: 'string' } },
  });
  const [project, root] = positionals;
  if (!project || !root)
    throw new UserError('usage: test-project <project> <folder> [--testFile=…] [--testName=…]');

  rmSync(reportFile(project), { force: true });
  mkdirSync(dirname(reportFile(project)), { recursive: true });
  const child = spawn(
    process.execPath,
    [
      'node_modules/jest/bin/jest.js',
      `--config=${root}/jest.config.cjs`,
      '--ci',
      '--forceExit',
      '--json',
      `--outputFile=${reportFile(project)}`,
      ...(values.testFile ? [`--testPathPatterns=${values.testFile}`, '--passWithNoTests'] : []),
      ...(values.testName ? [`--testNamePattern=${values.testName}`] : []),
    ],
    { cwd: ROOT, stdio: 'inherit', detached: true },
  );

  const endGroup = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  process.once('SIGTERM', endGroup);
  process.once('SIGINT', endGroup);
  const startedAt = performance.now();
  const limit = setTimeout(endGroup, TIME_LIMIT_MS);
  await once(child, 'exit');
  clearTimeout(limit);
  if (performance.now() - startedAt >= TIME_LIMIT_MS) {
    throw new UserError(
      `${project}: the tests ran longer than ${TIME_LIMIT_MS / 60_000} minutes and were ended`,
    );
  }
  return child.exitCode ?? 1;
});
