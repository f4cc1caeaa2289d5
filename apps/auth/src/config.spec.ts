import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSigningKeys } from '@state-server/identity';
import { ConfigError, loadConfig } from '@state-server/platform';
import { ENV, PEM } from './auth.spec-support';
import { config as schema } from './config';
import { readKeys } from './read-keys';

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
    const stored = { ...ENV, EMBEDDED_STORE_IN_PRODUCTION: 'true' };
    const production = { ...stored, NODE_ENV: 'production', TLS_AT_EDGE: 'true' };
    expect(problems(production)).toEqual(['DEV_AUTH must not be true in production']);
    expect(problems({ ...production, DEV_AUTH: 'false' })).toEqual([]);
    expect(problems({ ...production, DEV_AUTH: 'false', TLS_AT_EDGE: 'false' })).toEqual([
      expect.stringContaining('TLS_AT_EDGE'),
    ]);
  });

  it('name exactly one key', () => {
    const problem = 'exactly one of JWT_PRIVATE_KEY_FILE and JWT_PRIVATE_KEY must be set';
    expect(problems(WITHOUT_KEY)).toEqual([problem]);
    expect(problems({ ...ENV, JWT_PRIVATE_KEY_FILE: 'x' })).toEqual([problem]);
    expect(problems({ ...WITHOUT_KEY, JWT_PRIVATE_KEY_FILE: 'x' })).toEqual([]);
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
    expect([(await readKeys(fromFile)).kid, (await readKeys(fromText)).kid]).toEqual([kid, kid]);
  });

  it('that is none is told by the name of the setting', async () => {
    const missing = loadConfig(schema, { ...WITHOUT_KEY, JWT_PRIVATE_KEY_FILE: join(folder, 'none') });
    await expect(readKeys(missing)).rejects.toEqual(
      new ConfigError(['JWT_PRIVATE_KEY_FILE names a file that cannot be read']),
    );
    const broken = loadConfig(schema, { ...ENV, JWT_PRIVATE_KEY: 'hunter2' });
    await expect(readKeys(broken)).rejects.toEqual(
      new ConfigError(['JWT_PRIVATE_KEY: it holds no PKCS #8 private key in PEM']),
    );
  });
});
