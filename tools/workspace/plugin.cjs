// @ts-check
/**
 * Nx plugin of this workspace: a project.json says what a project is (name, tags), this file says what
 * can be done with it. So every project has the same targets, and none repeats them.
 */
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { createNodesFromFiles } = require('@nx/devkit');

/** @typedef {import('@nx/devkit').TargetConfiguration} Target */
/** @typedef {{ name: string, tags: string[], root: string }} Project */

const TOOL = 'node tools/dev/run.mjs tools/dev/src';
const SOURCES = ['default', '^production'];
/** Servers that tests use where a person names them (`describeWithServer`): without them the same tests are skipped. */
const SERVERS = [{ env: 'TEST_MONGODB_URI' }, { env: 'TEST_FDB_CLUSTER_FILE' }];

/** @param {string} command @param {Partial<Target>} rest @returns {Target} */
const cached = (command, rest) => ({
  executor: 'nx:run-commands',
  cache: true,
  ...rest,
  options: { command, cwd: '{workspaceRoot}' },
});

/** @param {string} directory @param {string} [ending] @returns {boolean} */
const hasSpecs = (directory, ending = '.spec.ts') =>
  readdirSync(directory, { withFileTypes: true }).some((entry) =>
    entry.isDirectory()
      ? entry.name !== 'node_modules' && hasSpecs(join(directory, entry.name), ending)
      : entry.name.endsWith(ending),
  );

/**
 * The long form of the fuzz tests that run shortly with all others: `nx run protocol:fuzz --seconds=60`, for each test.
 * @param {Project} project @returns {Target}
 */
const fuzz = ({ root }) => ({
  executor: 'nx:run-commands',
  options: {
    command: `FUZZ_SECONDS={args.seconds} jest --config=${root}/jest.config.cjs --ci --forceExit fuzz.spec`,
    cwd: '{workspaceRoot}',
    seconds: 60,
  },
});

/** @param {Project} project @returns {Record<string, Target>} */
const checks = ({ root }) => ({
  lint: cached(`eslint ${root} --max-warnings 0`, { inputs: [...SOURCES, 'lintRules'] }),
  format: cached(`prettier --check --log-level warn ${root}`, {
    inputs: ['{projectRoot}/**/*', 'formatRules', '{workspaceRoot}/package-lock.json'],
  }),
  typecheck: cached(`tsc -p ${root}/tsconfig.json`, { inputs: SOURCES }),
});

/** @param {Project} project @returns {Target} */
function test({ name, tags, root }) {
  const drivesTheApps = tags.includes('type:e2e');
  return cached(`${TOOL}/test-project.main.ts ${name} ${root}`, {
    inputs: [...SOURCES, ...SERVERS, ...(drivesTheApps ? [{ dependentTasksOutputFiles: '**/*' }] : [])],
    outputs: [`{workspaceRoot}/dist/test-reports/${name}.json`],
    ...(drivesTheApps && {
      dependsOn: [{ projects: ['tag:type:app', 'tag:type:sdk'], target: 'build' }],
    }),
    // They take both cores themselves, or measure times.
    ...((drivesTheApps || tags.includes('type:simulator')) && { parallelism: false }),
  });
}

/**
 * What is generated from our own sources (the API documents, say) is still what they say.
 * @param {Project} project @returns {Target}
 */
const generated = ({ root }) =>
  cached(`node tools/dev/run.mjs ${root}/src/main.ts --check`, {
    inputs: [
      ...SOURCES,
      '{workspaceRoot}/apps/*/src/config.ts',
      '{workspaceRoot}/docs/generated/**/*',
      '{workspaceRoot}/**/.env.example',
    ],
  });

/** The long run of the simulator: `nx run realtime:simulate --seeds=20000`. @returns {Target} */
const simulate = () => ({
  executor: 'nx:run-commands',
  options: { command: 'node tools/dev/run.mjs libs/simulator/src/simulate.main.ts', cwd: '{workspaceRoot}' },
});

/** @param {Project} project @returns {Record<string, Target>} */
const appTargets = ({ name }) => ({
  // `nx build APP --configuration=production` (or NODE_ENV=production): without what is for development alone.
  build: cached(`${TOOL}/build-app.main.ts ${name}`, {
    inputs: ['production', '^production', '{workspaceRoot}/tools/dev/src/build/**/*', { env: 'NODE_ENV' }],
    outputs: [`{workspaceRoot}/dist/apps/${name}`],
    configurations: { production: { command: `${TOOL}/build-app.main.ts ${name} --production` } },
  }),
  serve: {
    executor: 'nx:run-commands',
    continuous: true,
    options: { command: `${TOOL}/serve-app.main.ts ${name}`, cwd: '{workspaceRoot}' },
  },
});

/** @returns {Record<string, Target>} */
const sdkTargets = () => ({
  build: cached(`${TOOL}/build-sdk.main.ts`, {
    inputs: ['production', '^production', '{workspaceRoot}/tools/dev/src/build/**/*'],
    outputs: ['{workspaceRoot}/dist/libs/client'],
  }),
});

/** The long form of the faults: `nx run platform-e2e:torture --minutes=10 [--seed=N]`. @returns {Target} */
const torture = () => ({
  executor: 'nx:run-commands',
  options: {
    command: 'node tools/dev/run.mjs apps/platform-e2e/src/torture.main.ts',
    cwd: '{workspaceRoot}',
  },
});

/** @param {Project} project @param {string} workspaceRoot */
function targetsOf(project, workspaceRoot) {
  const directory = join(workspaceRoot, project.root);
  return {
    ...(existsSync(join(directory, 'tsconfig.json')) && checks(project)),
    ...(existsSync(join(directory, 'jest.config.cjs')) && hasSpecs(directory) && { test: test(project) }),
    ...(existsSync(join(directory, 'jest.config.cjs')) &&
      hasSpecs(directory, '.fuzz.spec.ts') && { fuzz: fuzz(project) }),
    ...(project.name === 'generators' && { generated: generated(project) }),
    ...(project.name === 'realtime' && { simulate: simulate() }),
    ...(project.name === 'platform-e2e' && { torture: torture() }),
    ...(project.tags.includes('type:app') && appTargets(project)),
    ...(project.tags.includes('type:sdk') && sdkTargets()),
  };
}

/** @type {import('@nx/devkit').CreateNodesFunction} */
function inferTargets(file, _options, { workspaceRoot }) {
  const root = dirname(file);
  const { name, tags = [] } = JSON.parse(readFileSync(join(workspaceRoot, file), 'utf8'));
  return { projects: { [root]: { targets: targetsOf({ name, tags, root }, workspaceRoot) } } };
}

/** @type {import('@nx/devkit').CreateNodesV2} */
const createNodesV2 = [
  '{apps,libs,tools}/**/project.json',
  (files, options, context) => createNodesFromFiles(inferTargets, files, options, context),
];

module.exports = { name: '@state-server/workspace', createNodesV2, createNodes: createNodesV2 };
