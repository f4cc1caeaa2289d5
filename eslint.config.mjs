import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';
import { boundaries } from './tools/workspace/eslint/boundaries.mjs';
import { purity } from './tools/workspace/eslint/purity.mjs';

const syntax = [
  { selector: 'ExportDefaultDeclaration', message: 'Export by name: one thing has one name everywhere.' },
  {
    selector: 'ExportSpecifier[exported.name="default"]',
    message: 'Export by name: one thing has one name everywhere.',
  },
];

const typescriptRules = {
  '@typescript-eslint/ban-ts-comment': [
    'error',
    { 'ts-expect-error': 'allow-with-description', 'ts-ignore': true, 'ts-nocheck': true, 'ts-check': false },
  ],
  '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
  '@typescript-eslint/no-confusing-void-expression': [
    'error',
    { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
  ],
  '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
  '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  // A port's method is async because of its contract, not because of what one adapter happens to await.
  '@typescript-eslint/require-await': 'off',
  '@typescript-eslint/no-invalid-void-type': 'off',
  eqeqeq: 'error',
  'no-console': 'error',
  'no-restricted-syntax': ['error', ...syntax],
  'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
};

/** The whole workspace as one program is looked at in one go; else each file in the program of its project. */
const { LINT_PROGRAM } = process.env;
const program = LINT_PROGRAM ? { project: [LINT_PROGRAM] } : { projectService: true };

const specRules = {
  // Jest's asymmetric matchers are typed as any.
  '@typescript-eslint/no-unsafe-assignment': 'off',
  'max-lines-per-function': 'off',
  '@typescript-eslint/unbound-method': 'off',
  '@typescript-eslint/no-confusing-void-expression': 'off',
};

export default [
  { ignores: ['**/node_modules/', '**/dist/', '.nx/', '.data/', 'coverage/', 'tmp/', 'docs/generated/'] },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { ...program, tsconfigRootDir: import.meta.dirname } },
    rules: typescriptRules,
  },
  ...boundaries(nx),
  ...purity(syntax),
  { files: ['**/*.spec.ts', '**/*.spec-support.ts', 'libs/*/contract/src/**/*.ts'], rules: specRules },
  { files: ['tools/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        module: 'writable',
        require: 'readonly',
        __dirname: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
      },
    },
  },
];
