import { drifted, generate } from './generate';
import { GENERATORS } from './generators';
import { problems, readInvariants } from './invariants/invariants';

const COMMAND = 'npx nx run generators:generate';

/**
 * Without arguments writes the generated files; with `--check` only says which have drifted, and fails. Both say what is wrong between
 * docs/spec and the tests; the check fails for it.
 */
async function main(args: readonly string[]): Promise<number> {
  const [argument, ...rest] = args;
  if (rest.length > 0 || (argument !== undefined && argument !== '--check')) {
    console.error('usage: generators [--check]');
    return 2;
  }
  if (argument === undefined) {
    const written = await generate(process.cwd(), GENERATORS);
    console.log(written.length === 0 ? 'Generated files are up to date.' : `Written: ${written.join(', ')}`);
    reportInvariants();
    return 0;
  }
  const sound = reportInvariants();
  const paths = await drifted(process.cwd(), GENERATORS);
  if (paths.length === 0) return sound ? 0 : 1;
  console.error(`Generated files are not up to date; run ${COMMAND} and commit:`);
  for (const path of paths) console.error(`  ${path}`);
  return 1;
}

/** Whether docs/spec and the tests say the same. */
function reportInvariants(): boolean {
  const found = problems(readInvariants(process.cwd()));
  if (found.length === 0) return true;
  console.error('docs/spec and the tests do not say the same (CONTRIBUTING.md, “A promise and its tests”):');
  for (const problem of found) console.error(`  ${problem}`);
  return false;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
