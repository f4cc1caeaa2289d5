/**
 * Who may know whom: the dependency rules of the layout (see docs), as one table each.
 * Keys and values are the part after `type:` or `driver:` of a project's tag.
 */

/** A project of the type on the left may import projects of the types on the right, and no others. */
const MAY_IMPORT = {
  domain: [],
  protocol: ['domain'],
  port: ['domain'],
  // Below the platform, which reads settings from it.
  secrets: ['domain'],
  commit: ['domain', 'protocol', 'port'],
  realtime: ['domain', 'protocol', 'commit', 'port'],
  adapter: ['port', 'domain', 'protocol', 'adapter'],
  contract: ['port', 'testing', 'domain'],
  testing: ['domain', 'protocol', 'port', 'adapter'],
  // The engine, the write path, the record layer, the upkeep and the SDK in one process: it knows them all, none knows it.
  simulator: ['domain', 'protocol', 'commit', 'realtime', 'port', 'adapter', 'feature', 'sdk', 'testing'],
  platform: ['domain', 'protocol', 'port', 'secrets'],
  service: ['domain', 'protocol', 'port', 'secrets', 'platform'],
  feature: ['domain', 'protocol', 'commit', 'port', 'secrets', 'platform', 'service'],
  sdk: ['domain', 'protocol'],
  // The one place that decides which adapter stands behind a port, for all apps alike.
  composition: ['domain', 'protocol', 'commit', 'port', 'secrets', 'adapter', 'platform', 'service'],
  app: [
    'domain',
    'protocol',
    'commit',
    'realtime',
    'port',
    'secrets',
    'adapter',
    'composition',
    'platform',
    'service',
    'feature',
  ],
  e2e: ['domain', 'protocol', 'port', 'sdk', 'testing'],
  tool: [
    'domain',
    'protocol',
    'port',
    'secrets',
    'service',
    'commit',
    'realtime',
    'adapter',
    'platform',
    'feature',
    'sdk',
    'testing',
    'tool',
  ],
};

/** An adapter sees at most the record layer below it, never a sibling. */
const DRIVER_MAY_IMPORT = {
  records: [],
  lmdb: ['records'],
  memory: ['records'],
  foundationdb: ['records'],
  mongo: ['records'],
  cache: [],
  // Works on any store through its port.
  maintenance: [],
  redis: [],
  bullmq: [],
  nodemailer: [],
};

/** The packages a type may import from npm; a type that is not here is bound by BANNED_PACKAGES. */
const ALLOWED_PACKAGES = {
  domain: ['fractional-indexing'],
  protocol: ['zod/mini', 'cbor-x', 'cbor-x/*'],
  port: [],
  secrets: [],
  commit: [],
  realtime: [],
  contract: ['fast-check'],
  sdk: [],
};

const DRIVER_PACKAGES = {
  records: ['cbor-x', 'cbor-x/*'],
  lmdb: ['lmdb'],
  memory: [],
  foundationdb: ['foundationdb'],
  // mongoose re-exports the driver below it as mongoose.mongo.
  mongo: ['mongoose'],
  cache: ['lru-cache', 'ioredis'],
  maintenance: [],
  redis: ['ioredis'],
  bullmq: ['bullmq', 'ioredis'],
  nodemailer: ['nodemailer'],
};

const STORES_AND_BROKERS = ['lmdb', 'ioredis', 'bullmq', 'mongoose', 'foundationdb', 'nodemailer'];
const BANNED_PACKAGES = {
  feature: [...STORES_AND_BROKERS, 'cbor-x', 'ws', 'jose', '@nestjs/platform-*', '@fastify/*'],
  service: [...STORES_AND_BROKERS, 'cbor-x', 'ws'],
  platform: STORES_AND_BROKERS,
  composition: [...STORES_AND_BROKERS, 'cbor-x', '@nestjs/*'],
  app: [...STORES_AND_BROKERS, 'cbor-x'],
  testing: ['@nestjs/*'],
  simulator: ['@nestjs/*', ...STORES_AND_BROKERS],
  e2e: ['@nestjs/*', 'lmdb', 'mongoose', 'foundationdb'],
  tool: ['@nestjs/*'],
};

const SPEC_TYPES = ['type:testing', 'type:contract', 'driver:memory', 'driver:records'];
const SPEC_PACKAGES = ['fast-check', 'smtp-server', 'postal-mime'];

/**
 * Specs close circles between projects that their files do not close: libs/testing builds worlds of the
 * domain, whose own specs use these builders. MAY_IMPORT and DRIVER_MAY_IMPORT keep all else acyclic.
 */
const CIRCLES_OF_SPECS = [
  ['!testing', 'testing'],
  ['!*-contract', '*-contract'],
  ['!*-memory', '*-memory'],
];

const types = (names) => names.map((name) => `type:${name}`);
const drivers = (names) => names.map((name) => `driver:${name}`);

function typeConstraints(forSpecs) {
  return Object.entries(MAY_IMPORT).map(([type, targets]) => ({
    sourceTag: `type:${type}`,
    onlyDependOnLibsWithTags: [...types(targets), ...(forSpecs ? SPEC_TYPES : [])],
    ...(ALLOWED_PACKAGES[type] && {
      allowedExternalImports: [...ALLOWED_PACKAGES[type], ...(forSpecs ? SPEC_PACKAGES : [])],
    }),
    ...(BANNED_PACKAGES[type] && !forSpecs && { bannedExternalImports: BANNED_PACKAGES[type] }),
  }));
}

function driverConstraints(forSpecs) {
  return Object.entries(DRIVER_MAY_IMPORT).map(([driver, targets]) => ({
    sourceTag: `driver:${driver}`,
    onlyDependOnLibsWithTags: [
      ...types(['port', 'domain', 'protocol']),
      ...drivers(targets),
      ...(forSpecs ? SPEC_TYPES : []),
    ],
    allowedExternalImports: [...DRIVER_PACKAGES[driver], ...(forSpecs ? SPEC_PACKAGES : [])],
  }));
}

/** @param {{ forSpecs: boolean }} options specs may use builders, contract suites and memory adapters besides */
export function depConstraints({ forSpecs }) {
  return [...typeConstraints(forSpecs), ...driverConstraints(forSpecs)];
}

export const PROJECT_TYPES = Object.keys(MAY_IMPORT);
export const DRIVERS = Object.keys(DRIVER_MAY_IMPORT);

const rule = (forSpecs) => ({
  '@nx/enforce-module-boundaries': [
    'error',
    {
      enforceBuildableLibDependency: false,
      allow: [],
      ignoredCircularDependencies: CIRCLES_OF_SPECS,
      depConstraints: depConstraints({ forSpecs }),
    },
  ],
});

/** @param {import('eslint').ESLint.Plugin} nx the plugin that carries the rule */
export function boundaries(nx) {
  return [
    { files: ['**/*.ts'], plugins: { '@nx': nx }, rules: rule(false) },
    { files: ['**/*.spec.ts', '**/*.spec-support.ts'], rules: rule(true) },
  ];
}
