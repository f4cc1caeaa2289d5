import { readFile } from 'node:fs/promises';
import { transform } from '@swc/core';
import { type Plugin } from 'esbuild';

/**
 * esbuild emits no decorator metadata, and Nest injects by it: without this the build is green and every
 * injected dependency undefined at run time. swc transforms the files that may hold a decorator.
 */
export const decoratorMetadata: Plugin = {
  name: 'decorator-metadata',
  setup(build) {
    build.onLoad({ filter: /\.ts$/, namespace: 'file' }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes('@')) return { contents: source, loader: 'ts' };
      const { code } = await transform(source, {
        filename: path,
        sourceMaps: 'inline',
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'es6' },
      });
      return { contents: code, loader: 'js' };
    });
  },
};
