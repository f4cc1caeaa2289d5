import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, isRecord, projects, readYaml, ROOT } from './workspace';

const APPS = projects()
  .filter((project) => project.tags.includes('type:app'))
  .map((project) => project.name)
  .sort();

const resources = at(readYaml('k8s/base/kustomization.yaml')[0], 'resources');
const objects = (Array.isArray(resources) ? resources.map(String) : []).flatMap((file) =>
  readYaml(`k8s/base/${file}`),
);
const object = (kind: string, name: string): unknown =>
  objects.find((candidate) => candidate['kind'] === kind && at(candidate, 'metadata', 'name') === name);
const keysOf = (value: unknown): string[] => (isRecord(value) ? Object.keys(value) : []);

const [patch] = readYaml('k8s/base/service-patch.yaml');
const patched = at(patch, 'spec', 'template', 'spec');
const compose = readYaml('docker/compose.yaml')[0];

/** Every setting there is: from the generated example, which `./dev check` keeps true. */
const SETTINGS = new Set(
  [...readFileSync(join(ROOT, '.env.example'), 'utf8').matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(
    ([, name]) => name,
  ),
);

describe('Kubernetes base', () => {
  it.each(APPS)('deploys %s alone, reached by its name at port 4000', (app) => {
    const deployment = object('Deployment', app);
    expect(at(deployment, 'metadata', 'labels', 'app.kubernetes.io/component')).toBe('service');
    const labels = at(deployment, 'spec', 'template', 'metadata', 'labels');
    expect(labels).toMatchObject({ 'app.kubernetes.io/name': app, 'app.kubernetes.io/component': 'service' });
    expect(at(deployment, 'spec', 'selector', 'matchLabels')).toEqual({ 'app.kubernetes.io/name': app });
    expect(at(deployment, 'spec', 'template', 'spec', 'containers', 0)).toMatchObject({
      name: 'service',
      image: `state-server/${app}`,
      resources: { requests: expect.anything(), limits: { memory: expect.anything() } },
    });
    const service = object('Service', app);
    expect(at(service, 'spec', 'selector')).toEqual({ 'app.kubernetes.io/name': app });
    expect(at(service, 'spec', 'ports', 0)).toMatchObject({ port: 4000, targetPort: 'http' });
  });

  it('deploys no other service, and Redis beside them with nothing evicted', () => {
    const deployments = objects
      .filter(({ kind }) => kind === 'Deployment')
      .map((one) => at(one, 'metadata', 'name'));
    expect(deployments.sort()).toEqual([...APPS, 'redis'].sort());
    const args = at(object('Deployment', 'redis'), 'spec', 'template', 'spec', 'containers', 0, 'args');
    expect(args).toEqual(expect.arrayContaining(['noeviction']));
  });

  it('asks every service how it is at the port that it is told to listen on', () => {
    const config = at(object('ConfigMap', 'state-server-config'), 'data');
    const ports = at(patched, 'containers', 0, 'ports');
    expect(ports).toEqual([
      { name: 'http', containerPort: Number(at(config, 'PORT')) },
      { name: 'metrics', containerPort: Number(at(config, 'METRICS_PORT')) },
    ]);
    for (const probe of ['startup', 'live', 'ready']) {
      const name = { startup: 'startupProbe', live: 'livenessProbe', ready: 'readinessProbe' }[probe] ?? '';
      expect(at(patched, 'containers', 0, name, 'httpGet')).toEqual({
        path: `/health/${probe}`,
        port: 'http',
      });
    }
  });

  it('ends a service that is silent for three seconds, without waiting for it', () => {
    expect(at(patched, 'containers', 0, 'livenessProbe')).toMatchObject({
      periodSeconds: 1,
      failureThreshold: 3,
      terminationGracePeriodSeconds: 1,
    });
  });

  it('sets only settings that exist', () => {
    const config = keysOf(at(object('ConfigMap', 'state-server-config'), 'data'));
    const secrets = keysOf(at(object('Secret', 'state-server-secrets'), 'stringData'));
    expect([...config, ...secrets].filter((name) => !SETTINGS.has(name))).toEqual([]);
    expect(config.filter((name) => secrets.includes(name))).toEqual([]);
  });

  it('mounts each secret for those alone that use it, where they look for it', () => {
    const users = (key: string): unknown[] =>
      objects
        .filter((one) => JSON.stringify(one).includes(`{"key":"${key}","path":"${key}"}`))
        .map((one) => at(one, 'metadata', 'name'));
    expect(users('JWT_PRIVATE_KEY')).toEqual(['auth']);
    expect(users('JWT_KEY_SET')).toEqual(['auth']);
    expect(users('CALLBACK_SECRETS')).toEqual(['callback-ingest']);
    expect(users('INTERNAL_SECRETS').sort()).toEqual(['api-gateway', 'auth', 'sync-gateway']);
    for (const app of ['api-gateway', 'auth', 'callback-ingest', 'sync-gateway']) {
      const pod = at(object('Deployment', app), 'spec', 'template', 'spec');
      expect(at(pod, 'volumes', 0, 'secret', 'secretName')).toBe('state-server-secrets');
      const mount = { name: 'secrets', mountPath: '/secrets', readOnly: true };
      expect(at(pod, 'containers', 0, 'volumeMounts', 0)).toEqual(mount);
      expect(at(pod, 'containers', 0, 'env', 0)).toEqual({ name: 'SECRETS_DIR', value: mount.mountPath });
    }
  });

  it('points the services at each other by names that exist', () => {
    const config = JSON.stringify(at(object('ConfigMap', 'state-server-config'), 'data'));
    const hosts = [...config.matchAll(/(?:http|redis):\/\/([a-z-]+):(\d+)/g)];
    expect(hosts.length).toBeGreaterThan(0);
    for (const [, host = '', port] of hosts) {
      expect(at(object('Service', host), 'spec', 'ports', 0, 'port')).toBe(Number(port));
    }
  });
});

describe('compose file', () => {
  const services = at(compose, 'services');
  const environments = keysOf(services).map((name) => [name, at(services, name, 'environment')] as const);

  it.each(APPS)('builds and runs %s', (app) => {
    const built = keysOf(services).filter((name) => at(services, name, 'build', 'args', 'APP') === app);
    expect(built).toHaveLength(app === 'sync-gateway' ? 2 : 1);
  });

  it('sets only settings that exist', () => {
    const names = environments.flatMap(([, environment]) => keysOf(environment));
    expect(names.filter((name) => !SETTINGS.has(name))).toEqual([]);
  });

  it('opens the one origin, on this machine alone', () => {
    const published = keysOf(services).flatMap((name) => at(services, name, 'ports') ?? []);
    expect(published).toEqual(['127.0.0.1:4000:4000']);
  });

  it('lets no two services take the same pid, by which the embedded store tells them apart', () => {
    for (const name of keysOf(services)) {
      if (at(services, name, 'build') !== undefined) expect(at(services, name, 'pid')).toBe('service:pids');
    }
  });

  it('allows sign-in by name alone in auth and nowhere else', () => {
    const allowing = environments.filter(([, environment]) => at(environment, 'DEV_AUTH') !== undefined);
    expect(allowing.map(([name]) => name)).toEqual(['auth']);
  });
});

describe('pipeline', () => {
  it('runs .ci/run and keeps what the next run can use', () => {
    const verify = at(readYaml('.gitlab-ci.yml')[0], 'verify');
    expect(at(verify, 'script')).toEqual(['.ci/run']);
    expect(JSON.stringify(at(verify, 'cache'))).toMatch(/\.npm\/.*\.nx\/cache/);
  });
});
