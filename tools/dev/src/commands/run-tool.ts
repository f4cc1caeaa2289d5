import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../user-error';
import { ROOT } from '../workspace';

/** Runs the program of another tool (demo, bench) in front, with its arguments. Answers its exit code. */
export async function runTool(name: string, args: readonly string[]): Promise<number> {
  const entry = [`tools/${name}/main.ts`, `tools/${name}/src/main.ts`].find((path) =>
    existsSync(join(ROOT, path)),
  );
  if (!entry) throw new UserError(`There is no tools/${name} in this version.`);
  const child = spawn(process.execPath, ['tools/dev/run.mjs', entry, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  // Ctrl-C reaches the tool as well: it ends by itself, and this command with it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  await once(child, 'exit');
  return child.exitCode ?? 1;
}
