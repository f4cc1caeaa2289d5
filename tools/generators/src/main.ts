import { drifted, generate } from './generate';
import { GENERATORS } from './generators';

const COMMAND = 'npx nx run generators:generate';

/** Without arguments writes the generated files; with `--check` only says which have drifted, and fails. */
async function main(args: readonly string[]): Promise<number> {
  const [argument, ...rest] = args;
  if (rest.length > 0 || (argument !== undefined && argument !== '--check')) {
    console.error('usage: generators [--check]');
    return 2;
  }
  if (argument === undefined) {
    const written = await generate(process.cwd(), GENERATORS);
    console.log(written.length === 0 ? 'Generated files are up to date.' : `Written: ${written.join(', ')}`);
    return 0;
  }
  const paths = await drifted(process.cwd(), GENERATORS);
  if (paths.length === 0) return 0;
  console.error(`Generated files are not up to date; run ${COMMAND} and commit:`);
  for (const path of paths) console.error(`  ${path}`);
  return 1;
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
