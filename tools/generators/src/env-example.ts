import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { findRoot } from './workspace-root';

const APPS = ['api-gateway', 'sync-gateway', 'auth', 'callback-ingest', 'jobs-runner'];

/** No project may import an app, not even its table of settings: so this program is put together when it runs. */
const PROGRAM = [
  "import { renderEnvExample } from '@state-server/platform';",
  ...APPS.map((app, index) => `import { config as config${index} } from './apps/${app}/src/config';`),
  `export const text = renderEnvExample([${APPS.map((app, index) => `{ app: '${app}', fields: config${index}.fields }`).join(', ')}]);`,
];

/** Every setting of every service, from the tables that they read their environment by. */
export function envExample(): string {
  const root = findRoot(__dirname);
  mkdirSync(join(root, 'dist'), { recursive: true });
  // Inside the workspace, for packages are looked up from where the program lies.
  const folder = mkdtempSync(join(root, 'dist/env-example-'));
  try {
    const outfile = join(folder, 'program.cjs');
    buildSync({
      absWorkingDir: root,
      stdin: { contents: PROGRAM.join('\n'), resolveDir: root, loader: 'ts' },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      packages: 'external',
      tsconfig: 'tsconfig.base.json',
      logLevel: 'error',
    });
    return (createRequire(outfile)(outfile) as { text: string }).text;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
