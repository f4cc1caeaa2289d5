import { PORT_SPAN } from '../options';
import { planOf, redisPort } from './plan';

const OPTIONS = {
  port: 4000,
  gateways: 2,
  dataDir: '/data',
  redisUrl: 'redis://127.0.0.1:4090',
  keySetFile: '/data/keys/jwt-key-set.json',
  internalSecretsFile: '/data/keys/internal-secrets',
  callbackSecret: 'whsec_c2VjcmV0',
  logLevel: 'info',
};

describe('plan of services', () => {
  const plan = planOf(OPTIONS);
  const envOf = (name: string): Readonly<Record<string, string>> =>
    plan.services.find((service) => service.name === name)?.env ?? {};

  it('runs each app once and as many sync-gateways as asked for', () => {
    expect(plan.services.map((service) => service.name).sort()).toEqual(
      ['api-gateway', 'auth', 'callback-ingest', 'jobs-runner', 'sync-gateway-1', 'sync-gateway-2'].sort(),
    );
    expect(planOf({ ...OPTIONS, gateways: 5 }).services).toHaveLength(9);
  });

  it('puts the origin at the port that was asked for, and nothing on a port twice', () => {
    for (const port of [4000, 5200]) {
      const { origin, ports } = planOf({ ...OPTIONS, port, gateways: 30 });
      expect(origin).toBe(`http://127.0.0.1:${port}`);
      expect(new Set([...ports, redisPort(port)]).size).toBe(ports.length + 1);
      expect(Math.max(...ports, redisPort(port))).toBeLessThanOrEqual(port + PORT_SPAN);
    }
  });

  it('tells the origin where auth and every gateway listen', () => {
    const listening = plan.services
      .filter((service) => service.app === 'sync-gateway')
      .map((service) => service.url);
    expect(envOf('api-gateway')['SYNC_GATEWAY_URLS']).toBe(listening.join(','));
    expect(envOf('api-gateway')['AUTH_URL']).toBe('http://127.0.0.1:4001');
  });

  it('lets every service that verifies tokens expect what auth signs', () => {
    for (const name of ['api-gateway', 'sync-gateway-1', 'sync-gateway-2']) {
      expect(envOf(name)).toMatchObject({
        JWT_ISSUER: envOf('auth')['JWT_ISSUER'],
        JWT_AUDIENCE: envOf('auth')['JWT_AUDIENCE'],
        JWT_JWKS_URL: 'http://127.0.0.1:4001/auth/.well-known/jwks.json',
      });
    }
  });

  it('gives all of them one store, and secrets only to those that use them', () => {
    expect(new Set(plan.services.map((service) => service.env['STORE_PATH']))).toEqual(
      new Set(['/data/store']),
    );
    const holding = (key: string): string[] =>
      plan.services.filter((service) => key in service.env).map((service) => service.name);
    expect(holding('JWT_KEY_SET_FILE')).toEqual(['auth']);
    expect(holding('INTERNAL_SECRETS_FILE')).toEqual([
      'api-gateway',
      'auth',
      'sync-gateway-1',
      'sync-gateway-2',
    ]);
    expect(holding('CALLBACK_SECRETS')).toEqual(['callback-ingest']);
    expect(holding('DEV_AUTH')).toEqual(['auth']);
  });

  it('gives each process a settings file of its own, when there is a folder for them', () => {
    const files = planOf({ ...OPTIONS, settingsDir: '/settings' }).services.map(
      (service) => service.env['CONFIG_FILE'],
    );
    expect(files).toContain('/settings/sync-gateway-2.env');
    expect(new Set(files).size).toBe(plan.services.length);
    expect(envOf('auth')['CONFIG_FILE']).toBeUndefined();
  });

  it('listens on loopback alone', () => {
    expect(new Set(plan.services.map((service) => service.env['HOST']))).toEqual(new Set(['127.0.0.1']));
  });
});
