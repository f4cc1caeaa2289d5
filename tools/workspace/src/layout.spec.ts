import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { aliases, projects, readJson, ROOT } from './workspace';

const TYPES = [
  ...[
    'domain',
    'protocol',
    'commit',
    'realtime',
    'port',
    'secrets',
    'contract',
    'adapter',
    'feature',
    'service',
    'platform',
  ],
  ...['sdk', 'testing', 'simulator', 'composition', 'app', 'e2e', 'tool'],
].map((type) => `type:${type}`);

const NOUNS = [
  'brane',
  'object',
  'prototype',
  'user',
  'entity',
  'analytics',
  'websocket',
  'audit',
  'auth',
  'upkeep',
  'callback',
  'company',
  'guest',
];
const LAYOUT: readonly RegExp[] = [
  /^apps\/(api-gateway|sync-gateway|auth|callback-ingest|jobs-runner|platform-e2e)$/,
  /^libs\/(audit|domain|protocol|commit|realtime|identity|oauth|platform|secrets|composition|client|testing|simulator)$/,
  new RegExp(`^libs/features/(${NOUNS.join('|')})$`),
  /^libs\/persistence\/(port|contract|records|memory|lmdb|foundationdb|mongo|cache|maintenance)$/,
  /^libs\/messaging\/(port|contract|memory|redis)$/,
  /^libs\/limits\/(port|redis)$/,
  /^libs\/queue\/(port|contract|bullmq)$/,
  /^tools\/(dev|bench|demo|generators|keys|store|workspace)$/,
  /^libs\/mail\/(port|outbox|nodemailer)$/,
];
const TOP_LEVEL = ['apps', 'libs', 'tools', 'docs', 'docker', 'k8s', '.ci', '.git'];
/** What installing, building and running leave behind; git does not hold them. */
const LEFT_BEHIND = ['node_modules', 'dist', 'tmp', 'coverage', '.data', '.nx', '.npm'];

describe.each(projects().map((project) => [project.name, project] as const))('project %s', (_, project) => {
  it('carries exactly one type tag, and a driver tag only beside type:adapter', () => {
    const types = project.tags.filter((tag) => tag.startsWith('type:'));
    expect(types).toHaveLength(1);
    expect(TYPES).toContain(types[0]);
    const drivers = project.tags.filter((tag) => tag.startsWith('driver:'));
    expect(drivers).toHaveLength(types[0] === 'type:adapter' ? 1 : 0);
    expect(project.tags).toHaveLength(types.length + drivers.length);
  });

  it('stands where the layout has a place for it', () => {
    expect(LAYOUT.some((place) => place.test(project.root))).toBe(true);
  });

  it('is reached by its own name and by no other', () => {
    const isLibrary = project.root.startsWith('libs/');
    const names = [...aliases()].filter(([, root]) => root === project.root).map(([alias]) => alias);
    expect(names).toEqual(isLibrary ? [`@state-server/${project.name}`] : []);
  });

  it('has the files that its checks and its tests are found by', () => {
    for (const file of ['tsconfig.json', 'jest.config.cjs']) {
      expect(existsSync(join(ROOT, project.root, file))).toBe(true);
    }
  });
});

describe('workspace', () => {
  it('has a library behind every alias', () => {
    const roots = new Set(projects().map((project) => project.root));
    expect([...aliases()].filter(([, root]) => !roots.has(root))).toEqual([]);
  });

  it('has no code that stands in no project, for nobody would check or test it', () => {
    const roots = projects().map((project) => `${project.root}/`);
    const files = ['apps', 'libs', 'tools'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(
        (file) => `${folder}/${file}`,
      ),
    );
    const code = files.filter((file) => /\.[cm]?[jt]s$/.test(file) && !file.includes('node_modules/'));
    expect(code.filter((file) => !roots.some((root) => file.startsWith(root)))).toEqual([]);
  });

  it('names no two projects alike', () => {
    const names = projects().map((project) => project.name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has no other folder at the top', () => {
    const folders = readdirSync(ROOT, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect(folders.filter((name) => ![...TOP_LEVEL, ...LEFT_BEHIND].includes(name))).toEqual([]);
  });

  it('lets install scripts run only by name, and never telemetry', () => {
    const { allowScripts } = readJson('package.json');
    expect(allowScripts).toMatchObject({ '@scarf/scarf': false, lmdb: true });
  });
});
