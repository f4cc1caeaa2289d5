import { join } from 'node:path';
import { type BuildOptions, type Plugin } from 'esbuild';
import { ROOT } from '../workspace';
import { decoratorMetadata } from './decorator-metadata';

/** Where an app's built program lies; `node` runs it as it is, with the packages of node_modules. */
export const builtProgram = (app: string): string => join(ROOT, 'dist/apps', app, 'main.cjs');

/** A name of ours without an alias would be taken for a package, built green, and missed when the program starts. */
const ownLibraries: Plugin = {
  name: 'own-libraries',
  setup(bundle) {
    bundle.onResolve({ filter: /^@state-server\// }, async ({ path, pluginData, ...rest }) => {
      if (pluginData === ownLibraries) return undefined;
      const found = await bundle.resolve(path, { ...rest, pluginData: ownLibraries });
      const text = `${path} has no path alias in tsconfig.base.json`;
      return found.external ? { errors: [{ text }] } : found;
    });
  },
};

/** `production` leaves out what is for development alone: whatever is asked of the program later, it is not there. */
export type BuildMode = 'development' | 'production';

/** One file per app: our own code bundled, packages left to node_modules. */
export function appBundle(
  app: string,
  outfile = builtProgram(app),
  mode: BuildMode = 'development',
): BuildOptions {
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
    // Dead branches go, and with them the modules that nobody else imports.
    ...(mode === 'production' && {
      define: { 'process.env.STATE_BUILD': '"production"' },
      minifySyntax: true,
    }),
    plugins: [ownLibraries, decoratorMetadata],
    logLevel: 'warning',
  };
}
