import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatKeySet, loadSigningKeys, parseKeySet } from '@state-server/identity';
import { ConfigError, loadConfig } from '@state-server/platform';
import { ENV, PEM, PRODUCTION_INTERNAL } from './auth.spec-support';
import { config as schema } from './config';
import { readKeySet } from './read-keys';

const { JWT_PRIVATE_KEY: _, ...WITHOUT_KEY } = ENV;

function problems(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(schema, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('the settings of auth', () => {
  it('refuse to run in production with the sign-in of development, or without TLS', () => {
    const stored = {
      ...ENV,
      EMBEDDED_STORE_IN_PRODUCTION: 'true',
      ...PRODUCTION_INTERNAL,
    };
    const production = { ...stored, NODE_ENV: 'production', TLS_AT_EDGE: 'true' };
    expect(problems(production)).toEqual(['DEV_AUTH must not be true in production']);
    expect(problems({ ...production, DEV_AUTH: 'false' })).toEqual([]);
    expect(problems({ ...production, DEV_AUTH: 'false', TLS_AT_EDGE: 'false' })).toEqual([
      expect.stringContaining('TLS_AT_EDGE'),
    ]);
  });

  it('name exactly one key', () => {
    const problem = 'JWT_KEY_SET must be set, or exactly one of JWT_PRIVATE_KEY_FILE and JWT_PRIVATE_KEY';
    expect(problems(WITHOUT_KEY)).toEqual([problem]);
    expect(problems({ ...ENV, JWT_PRIVATE_KEY_FILE: 'x' })).toEqual([problem]);
    expect(problems({ ...WITHOUT_KEY, JWT_PRIVATE_KEY_FILE: 'x' })).toEqual([]);
  });
});

describe('the key set of auth (KEY-1)', () => {
  const set = formatKeySet({ keys: [...parseKeySet(PEM).keys] });

  it('comes before the keys in PEM, and is refused when it is none, without being shown', () => {
    expect(readKeySet(loadConfig(schema, { ...ENV, JWT_KEY_SET: set })).keys).toHaveLength(1);
    expect(problems({ ...ENV, JWT_KEY_SET: '{"keys":"hunter2"}' })).toEqual([
      'JWT_KEY_SET must be a key set: a JSON document as the tool keys writes it',
    ]);
  });

  it('must not be one that anybody can look up, in production', () => {
    // RFC 8037, appendix A.1.
    const der = `302e020100300506032b657004220420${Buffer.from('nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A', 'base64url').toString('hex')}`;
    const pem = createPrivateKey({ key: Buffer.from(der, 'hex'), format: 'der', type: 'pkcs8' }).export({
      type: 'pkcs8',
      format: 'pem',
    });
    const known = { ...ENV, DEV_AUTH: 'false', JWT_PRIVATE_KEY: pem.toString() };
    const production = {
      NODE_ENV: 'production',
      TLS_AT_EDGE: 'true',
      EMBEDDED_STORE_IN_PRODUCTION: 'true',
      ...PRODUCTION_INTERNAL,
    };
    expect(readKeySet(loadConfig(schema, known)).keys).toHaveLength(1);
    expect(() => readKeySet({ ...loadConfig(schema, known), NODE_ENV: 'production' })).toThrow(
      'JWT_PRIVATE_KEY must not hold a key of the documents in production',
    );
    const asSet = formatKeySet(parseKeySet(pem.toString()));
    expect(problems({ ...known, ...production, JWT_KEY_SET: asSet })).toEqual([
      'JWT_KEY_SET must not hold a key of the documents in production',
    ]);
  });
});

describe('the settings of Google and Microsoft (OAUTH-12)', () => {
  const google = {
    GOOGLE_CLIENT_ID: 'id',
    GOOGLE_CLIENT_SECRET: 'a-secret-of-some-length',
    OAUTH_RETURN_URLS: 'https://client.test/signed-in',
  };

  it.each([
    [
      'an id without its secret',
      { GOOGLE_CLIENT_SECRET: '' },
      'GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET belong together',
    ],
    ['no page to return to', { OAUTH_RETURN_URLS: '' }, 'OAUTH_RETURN_URLS must name'],
    [
      'a page with a query',
      { OAUTH_RETURN_URLS: 'https://client.test/?x=1' },
      'OAUTH_RETURN_URLS must be a list of URLs',
    ],
    [
      'a script for a page',
      { OAUTH_RETURN_URLS: 'javascript:alert(1)' },
      'OAUTH_RETURN_URLS must be a list of URLs',
    ],
    ['a path in the origin', { PUBLIC_URL: 'https://world.test/x' }, 'PUBLIC_URL must be the origin'],
    [
      'the name of a domain for a tenant',
      { MICROSOFT_TENANT: 'contoso.example' },
      'MICROSOFT_TENANT must be',
    ],
    [
      'a list of tenants for one',
      { MICROSOFT_TENANT: 'consumers', MICROSOFT_ALLOWED_TENANTS: '11111111-1111-4111-8111-111111111111' },
      'MICROSOFT_ALLOWED_TENANTS is for',
    ],
    [
      'an authority without TLS',
      { MICROSOFT_AUTHORITY: 'http://login.test' },
      'MICROSOFT_AUTHORITY must be a URL (https)',
    ],
  ])('refuse %s', (_what, env, problem) => {
    expect(problems({ ...ENV, ...google })).toEqual([]);
    expect(problems({ ...ENV, ...google, ...env })).toEqual([expect.stringContaining(problem)]);
  });

  it('refuse, in production, what goes without TLS and a secret that is none', () => {
    const production = {
      ...ENV,
      ...google,
      ...PRODUCTION_INTERNAL,
      NODE_ENV: 'production',
      DEV_AUTH: 'false',
      TLS_AT_EDGE: 'true',
      EMBEDDED_STORE_IN_PRODUCTION: 'true',
      PUBLIC_URL: 'https://world.test',
    };
    const before = problems(production);
    const added = (env: Record<string, string>): readonly string[] =>
      problems({ ...production, ...env }).filter((problem) => !before.includes(problem));
    expect(added({ PUBLIC_URL: 'http://world.test' })).toEqual([
      expect.stringContaining('PUBLIC_URL must be https'),
    ]);
    expect(added({ OAUTH_RETURN_URLS: 'http://client.test/' })).toEqual([
      'OAUTH_RETURN_URLS must be https in production, except on loopback',
    ]);
    expect(added({ GOOGLE_CLIENT_SECRET: 'change-me' })).toEqual([
      expect.stringContaining('GOOGLE_CLIENT_SECRET must be a secret of your own'),
    ]);
  });
});

describe('the key of auth', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'auth-key-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('comes from a file or from one line of text', async () => {
    const { kid } = await loadSigningKeys(PEM);
    const file = join(folder, 'key.pem');
    writeFileSync(file, PEM);
    const fromFile = loadConfig(schema, { ...WITHOUT_KEY, JWT_PRIVATE_KEY_FILE: file });
    const fromText = loadConfig(schema, { ...ENV, JWT_PRIVATE_KEY: PEM.replaceAll('\n', '\\n') });
    expect([readKeySet(fromFile).keys[0]?.kid, readKeySet(fromText).keys[0]?.kid]).toEqual([kid, kid]);
  });

  it('that is none is told by the name of the setting', () => {
    const missing = loadConfig(schema, { ...WITHOUT_KEY, JWT_PRIVATE_KEY_FILE: join(folder, 'none') });
    expect(() => readKeySet(missing)).toThrow(
      new ConfigError(['JWT_PRIVATE_KEY_FILE names a file that cannot be read']),
    );
    const broken = loadConfig(schema, { ...ENV, JWT_PRIVATE_KEY: 'hunter2' });
    expect(() => readKeySet(broken)).toThrow(
      new ConfigError(['JWT_PRIVATE_KEY: it holds no PKCS #8 private key in PEM']),
    );
  });
});
