// @ts-check
/** Bundles a TypeScript program of tools/ and runs it in this process: `node tools/dev/run.mjs <entry.ts> [argument…]`. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const [entry, ...args] = process.argv.slice(2);
if (!entry) throw new Error('usage: node tools/dev/run.mjs <entry.ts> [argument…]');

const outfile = join(root, 'dist', entry.replace(/\.ts$/, '.cjs'));
const { outputFiles } = buildSync({
  absWorkingDir: root,
  entryPoints: [entry],
  outfile,
  bundle: true,
  write: false,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  tsconfig: 'tsconfig.base.json',
  logLevel: 'error',
});

// Two commands may start at the same moment: each replaces the file as a whole.
mkdirSync(dirname(outfile), { recursive: true });
for (const { contents } of outputFiles) {
  const draft = `${outfile}.${process.pid}`;
  writeFileSync(draft, contents);
  renameSync(draft, outfile);
}
process.setSourceMapsEnabled(true);
process.argv = [process.argv[0] ?? 'node', outfile, ...args];
createRequire(outfile)(outfile);
