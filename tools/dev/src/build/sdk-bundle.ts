import { join } from 'node:path';
import { type BuildOptions } from 'esbuild';
import { ROOT } from '../workspace';

/** The SDK as one file for browsers and Node; the README's ten lines import it from here. */
export const builtSdk = join(ROOT, 'dist/libs/client/index.mjs');

/** What a page pays for the SDK: bytes after gzip, at the most. */
export const SDK_GZIP_BYTES = 40_000;
/** Static files are compressed once, so as well as it can be. */
export const SDK_GZIP_LEVEL = 9;

export function sdkBundle(outfile = builtSdk): BuildOptions {
  return {
    absWorkingDir: ROOT,
    entryPoints: ['libs/client/src/index.ts'],
    outfile,
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    sourcemap: 'linked',
    tsconfig: 'tsconfig.base.json',
    logLevel: 'warning',
  };
}
