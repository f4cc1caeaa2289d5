/** The rules about who may know whom, alone and over the whole workspace: seconds, where all of lint takes minutes. */
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';
import { boundaries } from './boundaries.mjs';
import { purity } from './purity.mjs';

export default [
  { ignores: ['**/node_modules/', '**/dist/'] },
  { linterOptions: { noInlineConfig: true } },
  { files: ['**/*.ts'], languageOptions: { parser: tseslint.parser } },
  ...boundaries(nx),
  ...purity([]),
];
