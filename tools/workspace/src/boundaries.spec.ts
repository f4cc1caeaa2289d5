import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { isRecord, ROOT } from './workspace';

/** Code that breaks a rule, as if it stood in this file; and what the rule says about it. */
const BROKEN: readonly (readonly [what: string, path: string, code: string, message: RegExp])[] = [
  [
    'the domain knowing the protocol',
    'libs/domain/src/a.ts',
    "import '@state-server/protocol';",
    /Circular|can only depend/,
  ],
  ['the domain knowing a package', 'libs/domain/src/b.ts', "import 'ws';", /not allowed to import "ws"/],
  [
    'a feature knowing a feature',
    'libs/features/brane/src/a.ts',
    "import '@state-server/features-user';",
    /type:feature" can only depend/,
  ],
  [
    'a feature knowing a driver',
    'libs/features/brane/src/b.ts',
    "import 'ioredis';",
    /not allowed to import "ioredis"/,
  ],
  [
    'a feature knowing an adapter',
    'libs/features/brane/src/c.ts',
    "import '@state-server/persistence-lmdb';",
    /type:feature" can only depend/,
  ],
  [
    'the sync engine knowing a transport',
    'libs/realtime/src/a.ts',
    "import 'ws';",
    /not allowed to import "ws"/,
  ],
  [
    'an adapter knowing its sibling',
    'libs/messaging/redis/src/a.ts',
    "import '@state-server/messaging-memory';",
    /driver:redis" can only depend/,
  ],
  [
    'an adapter knowing the driver of another',
    'libs/messaging/redis/src/b.ts',
    "import 'lmdb';",
    /not allowed to import "lmdb"/,
  ],
  [
    'all of zod, which is 92 kB in a browser',
    'libs/protocol/src/a.ts',
    "import 'zod';",
    /not allowed to import "zod"/,
  ],
  [
    'a spec knowing the driver of a real store',
    'libs/domain/src/a.spec.ts',
    "import 'lmdb';",
    /not allowed to import "lmdb"/,
  ],
  ['a clock in the domain', 'libs/domain/src/c.ts', 'Date.now();', /injected/],
  ['the present in the write path', 'libs/commit/src/a.ts', 'new Date();', /injected/],
  ['dice in the sync engine', 'libs/realtime/src/b.ts', 'Math.random();', /injected/],
  ['a timer in the sync engine', 'libs/realtime/src/c.ts', 'setTimeout(() => 0, 1);', /injected/],
  ['a timer by the back door', 'libs/realtime/src/d.ts', 'globalThis.setTimeout(() => 0, 1);', /injected/],
  ['ids out of nowhere', 'libs/commit/src/b.ts', 'crypto.randomUUID();', /injected/],
  ['a built-in in the protocol', 'libs/protocol/src/b.ts', "import 'node:fs';", /no built-in of Node/],
  ['a built-in by its old name', 'libs/domain/src/d.ts', "import 'fs';", /no built-in of Node/],
  ['the network in the SDK', 'libs/client/src/a.ts', "fetch('/');", /injected/],
];

const ALLOWED: readonly (readonly [what: string, path: string, code: string])[] = [
  [
    'the protocol knowing the domain',
    'libs/protocol/src/c.ts',
    "import '@state-server/domain'; import 'zod/mini';",
  ],
  ['a date of a given instant', 'libs/domain/src/e.ts', 'new Date(0);'],
  [
    'a spec with builders, properties and a store in memory',
    'libs/commit/src/a.spec.ts',
    "import '@state-server/testing'; import '@state-server/persistence-memory'; import 'fast-check'; Date.now();",
  ],
  ['an adapter knowing its own driver', 'libs/messaging/redis/src/c.ts', "import 'ioredis';"],
  [
    'a store over the record layer',
    'libs/persistence/lmdb/src/a.ts',
    "import '@state-server/persistence-records'; import 'lmdb';",
  ],
  ['the defaults of the SDK', 'libs/client/src/browser-environment.ts', 'Date.now();'],
];

describe('rules of who may know whom', () => {
  let messages: Readonly<Record<string, unknown>>;

  beforeAll(() => {
    const samples = Object.fromEntries([...BROKEN, ...ALLOWED].map(([, path, code]) => [path, code]));
    const { stdout, stderr } = spawnSync('node', [join(ROOT, 'tools/workspace/fixtures/lint-samples.mjs')], {
      input: JSON.stringify(samples),
      encoding: 'utf8',
    });
    if (stderr.includes('No cached ProjectGraph'))
      throw new Error('run it through nx: the rules need its project graph');
    const found: unknown = JSON.parse(stdout);
    messages = isRecord(found) ? found : {};
  }, 60_000);

  it.each(BROKEN)('refuse %s', (_, path, _code, message) => {
    expect(messages[path]).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
  });

  it.each(ALLOWED)('allow %s', (_, path) => {
    expect(messages[path]).toEqual([]);
  });
});
