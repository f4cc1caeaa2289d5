/** Shared Jest settings: swc for TypeScript and for ESM-only packages, path aliases from tsconfig.base.json. */
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const { compilerOptions } = JSON.parse(readFileSync(join(__dirname, 'tsconfig.base.json'), 'utf8'));
const aliases = Object.entries(compilerOptions.paths).map(([alias, [target]]) => [
  `^${alias}$`,
  join(__dirname, target),
]);

const swc = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    target: 'es2022',
    keepClassNames: true,
  },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};

/** @returns {import('jest').Config} */
module.exports = (/** @type {string} */ projectRoot) => ({
  rootDir: projectRoot,
  testEnvironment: 'node',
  testMatch: ['**/*.spec.ts'],
  transform: { '^.+\\.[cm]?[jt]s$': ['@swc/jest', swc] },
  transformIgnorePatterns: [],
  moduleNameMapper: Object.fromEntries(aliases),
  cacheDirectory: join(__dirname, 'node_modules/.cache/jest'),
  testTimeout: 60_000,
});
