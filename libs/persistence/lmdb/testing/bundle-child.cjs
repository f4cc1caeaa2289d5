/**
 * Makes src/testing/child.ts one file that plain Node can run: `node bundle-child.cjs OUTFILE`. Packages stay outside;
 * the child finds them by NODE_PATH. Run as a process of its own: esbuild does not work within Jest's realm.
 */
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { buildSync } = require('esbuild');

const root = join(__dirname, '../../../..');
const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.base.json'), 'utf8'));

buildSync({
  entryPoints: [join(__dirname, '../src/testing/child.ts')],
  outfile: process.argv[2],
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  packages: 'external',
  alias: Object.fromEntries(
    Object.entries(compilerOptions.paths).map(([name, [path]]) => [name, join(root, path)]),
  ),
});
