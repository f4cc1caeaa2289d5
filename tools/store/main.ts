import { runCommand } from './src/command';
import { isCheckWorker, runCheckWorker } from './src/guarded-check';

const main = isCheckWorker() ? runCheckWorker() : runCommand(process.argv.slice(2));
main.then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`store: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  },
);
