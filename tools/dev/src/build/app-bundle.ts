import { join } from 'node:path';
import { type BuildOptions } from 'esbuild';
import { ROOT } from '../workspace';
import { decoratorMetadata } from './decorator-metadata';

/** Where an app's built program lies; `node` runs it as it is, with the packages of node_modules. */
export const builtProgram = (app: string): string => join(ROOT, 'dist/apps', app, 'main.cjs');

/** One file per app: our own code bundled, packages left to node_modules. */
export function appBundle(app: string, outfile = builtProgram(app)): BuildOptions {
  return {
    absWorkingDir: ROOT,
    entryPoints: [`apps/${app}/src/main.ts`],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    tsconfig: 'tsconfig.base.json',
    plugins: [decoratorMetadata],
    logLevel: 'warning',
  };
}
