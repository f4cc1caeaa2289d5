import { runCommand } from './src/command';

runCommand(process.argv.slice(2), { environment: process.env }).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`keys: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  },
);
