import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at, isRecord, projects, readYaml, ROOT } from './workspace';

const APPS = projects()
  .filter((project) => project.tags.includes('type:app'))
  .map((project) => project.name)
  .sort();

type Settings = Readonly<Record<string, string>>;

const texts = (value: unknown): Settings =>
  Object.fromEntries(
    Object.entries(isRecord(value) ? value : {}).map(([name, text]) => [name, String(text)]),
  );

const config = texts(at(readYaml('k8s/base/config.yaml')[0], 'data'));
const placeholders = texts(at(readYaml('k8s/base/secrets.yaml')[0], 'stringData'));
const jwtKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const secrets: Settings = {
  JWT_PRIVATE_KEY: jwtKey,
  CALLBACK_SECRETS: `whsec_${randomBytes(32).toString('base64')}`,
  INTERNAL_SECRETS: randomBytes(32).toString('base64'),
};

/** The secrets that the app's Deployment mounts for it, from the given set; without what only a rotation brings. */
function secretsOf(app: string, from: Settings): Settings {
  const pod = at(readYaml(`k8s/base/${app}.yaml`)[0], 'spec', 'template', 'spec');
  const items = at(pod, 'volumes', 0, 'secret', 'items');
  const names = Array.isArray(items) ? items.map((item) => String(at(item, 'path'))) : [];
  return Object.fromEntries(
    names.filter((name) => name !== 'JWT_KEY_SET').map((name) => [name, from[name] ?? '']),
  );
}

/** The environment that the compose file gives to the app, with its defaults, and files where it says they are. */
function composed(app: string, keyFile: string, internalFile: string): Settings {
  const services = at(readYaml('docker/compose.yaml')[0], 'services');
  const environment = texts(at(services, app === 'sync-gateway' ? 'sync-gateway-1' : app, 'environment'));
  const settled = Object.entries(environment).map(([name, text]) => [
    name,
    { JWT_PRIVATE_KEY_FILE: keyFile, INTERNAL_SECRETS_FILE: internalFile }[name] ??
      text.replace(/\$\{\w+:-([^}]*)\}/, '$1'),
  ]);
  return Object.fromEntries(settled) as Settings;
}

/** What the app would refuse at its start in each of the environments; nothing: it would start. */
function problemsOf(
  app: string,
  environments: Readonly<Record<string, Settings>>,
): Readonly<Record<string, unknown>> {
  const { stdout, stderr } = spawnSync(
    'node',
    [join(ROOT, 'tools/workspace/fixtures/load-config.mjs'), app],
    {
      input: JSON.stringify(environments),
      encoding: 'utf8',
    },
  );
  if (stdout === '') throw new Error(stderr);
  const problems: unknown = JSON.parse(stdout);
  return isRecord(problems) ? problems : {};
}

describe.each(APPS)('settings of %s', (app) => {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  const secret = Object.keys(secretsOf(app, secrets));
  let problems: Readonly<Record<string, unknown>>;

  beforeAll(() => {
    const keyFile = join(folder, 'key.pem');
    writeFileSync(keyFile, jwtKey);
    const internalFile = join(folder, 'internal-secrets');
    writeFileSync(internalFile, String(secrets['INTERNAL_SECRETS']));
    const production = { ...config, ...secretsOf(app, secrets) };
    problems = problemsOf(app, {
      production,
      placeholders: { ...config, ...secretsOf(app, placeholders) },
      withoutTls: { ...production, TLS_AT_EDGE: 'false' },
      withDevAuth: { ...production, DEV_AUTH: 'true' },
      compose: composed(app, keyFile, internalFile),
    });
  }, 30_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are right in Kubernetes, with secrets of its own', () => {
    expect(problems['production']).toEqual([]);
  });

  it('are right in the compose file', () => {
    expect(problems['compose']).toEqual([]);
  });

  it('are refused in production where nobody declares that TLS ends in front of it', () => {
    expect(problems['withoutTls']).toEqual([expect.stringContaining('TLS_AT_EDGE')]);
  });

  if (secret.length > 0) {
    it('are refused with the placeholders of the repository', () => {
      expect(problems['placeholders']).toHaveLength(secret.length);
      expect(problems['placeholders']).toEqual(
        expect.arrayContaining(secret.map((name) => expect.stringContaining(name) as unknown)),
      );
    });
  }

  if (app === 'auth') {
    it('are refused in production with sign-in by name alone', () => {
      expect(problems['withDevAuth']).toEqual([expect.stringContaining('DEV_AUTH')]);
    });
  }
});

describe('secrets of the manifests', () => {
  it('are each known here, and each used', () => {
    const used = APPS.flatMap((app) => Object.keys(secretsOf(app, secrets)));
    const names = [...new Set(used)].sort();
    expect(Object.keys(placeholders).sort()).toEqual(names);
    expect(Object.keys(secrets).sort()).toEqual(names);
  });
});
