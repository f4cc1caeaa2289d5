/**
 * Purity of the engine: time, randomness, ids, timers and sockets are injected (Environment of
 * libs/domain), so that a seeded simulator owns them. Nx tags do not see built-ins; these rules do.
 */
import { builtinModules } from 'node:module';

const PURE = ['domain', 'protocol', 'commit', 'realtime', 'client'];
/** The one file of the SDK that binds the injected defaults to what browser and Node offer as globals. */
const SDK_DEFAULTS = 'libs/client/src/browser-environment.ts';

const INJECTED = 'is injected (Environment of @state-server/domain), so that a simulator can own it';

const globals = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'performance',
  'crypto',
  'process',
  'Buffer',
  'fetch',
  'WebSocket',
  'require',
  '__dirname',
  '__filename',
].map((name) => ({ name, message: `'${name}' ${INJECTED}.` }));

const properties = [
  { object: 'Date', property: 'now' },
  { object: 'Math', property: 'random' },
  { object: 'performance', property: 'now' },
  { object: 'crypto', property: 'randomUUID' },
  { object: 'crypto', property: 'getRandomValues' },
  { object: 'process', property: 'hrtime' },
  ...['setTimeout', 'setInterval', 'performance', 'crypto', 'process', 'Buffer', 'fetch', 'WebSocket'].map(
    (property) => ({ object: 'globalThis', property }),
  ),
].map((entry) => ({ ...entry, message: `It ${INJECTED}.` }));

const clockSyntax = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: `The present time ${INJECTED}.`,
  },
  { selector: "CallExpression[callee.name='Date']", message: `The present time ${INJECTED}.` },
];

/** @param {object[]} syntax the `no-restricted-syntax` entries that hold everywhere */
export function purity(syntax) {
  return [
    {
      files: PURE.map((name) => `libs/${name}/src/**/*.ts`),
      ignores: ['**/*.spec.ts', '**/*.spec-support.ts', SDK_DEFAULTS],
      rules: {
        'no-restricted-imports': [
          'error',
          {
            paths: builtinModules.map((name) => ({
              name,
              message: 'A pure library imports no built-in of Node.',
            })),
            patterns: [{ group: ['node:*'], message: 'A pure library imports no built-in of Node.' }],
          },
        ],
        'no-restricted-globals': ['error', ...globals],
        'no-restricted-properties': ['error', ...properties],
        'no-restricted-syntax': ['error', ...syntax, ...clockSyntax],
      },
    },
  ];
}
