import { commonFields, commonRules } from './common-fields';
import { defineConfig } from './define-config';
import { ConfigError, loadConfig } from './load-config';
import { storeChoice } from './store-fields';

const schema = defineConfig(commonFields({ service: 'test', port: 0, metricsPort: 0 }), commonRules);
const load = (environment: Record<string, string>) => loadConfig(schema, environment);
const choiceOf = (environment: Record<string, string>) => storeChoice(load(environment));

const SECRET = 'mongodb://root:hunter2@db.internal:27017/world';
const OF_PRODUCTION = 'mongodb://root:kV3x-9sLq_72pTzW@db.internal:27017/world';
const PRODUCTION = { NODE_ENV: 'production', TLS_AT_EDGE: 'true' };

function problems(environment: Record<string, string>): readonly string[] {
  try {
    load(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('which store a configuration means (STORE-21)', () => {
  it('is FoundationDB where it is enabled, else MongoDB where it has an address, else the embedded one', () => {
    expect(choiceOf({})).toBe('embedded');
    expect(choiceOf({ MONGODB_URI: SECRET })).toBe('mongodb');
    expect(choiceOf({ MONGODB_URI: SECRET, FDB_ENABLED: 'true' })).toBe('foundationdb');
    expect(choiceOf({ FDB_ENABLED: '1', FDB_CLUSTER_FILE: '/etc/fdb.cluster' })).toBe('foundationdb');
    expect(choiceOf({ FDB_ENABLED: 'false', MONGODB_URI: '' })).toBe('embedded');
  });

  it('takes the hosts of a whole replica set, with and without credentials and options', () => {
    for (const uri of [
      'mongodb://a:27017,b:27017,c.internal:27018/world?replicaSet=rs0',
      'mongodb://root:hunter2@a:27017,b:27017/?authSource=admin',
      'mongodb://a,b',
      'mongodb+srv://root:hunter2@cluster.example.net/world',
      'mongodb://[::1]:27017/world',
    ])
      expect(load({ MONGODB_URI: uri }).MONGODB_URI).toBe(uri);
    for (const uri of ['mongodb://', 'mongodb://a,,b', 'http://a,b', 'a,b'])
      expect(problems({ MONGODB_URI: uri })).toHaveLength(1);
  });

  it('is refused in production where it is the embedded one and nobody said that this is meant', () => {
    expect(problems(PRODUCTION)).toEqual([
      expect.stringMatching(/FDB_ENABLED.*MONGODB_URI.*EMBEDDED_STORE_IN_PRODUCTION/),
    ]);
    expect(problems({ ...PRODUCTION, EMBEDDED_STORE_IN_PRODUCTION: 'true' })).toEqual([]);
    expect(problems({ ...PRODUCTION, MONGODB_URI: OF_PRODUCTION })).toEqual([]);
    expect(problems({ ...PRODUCTION, FDB_ENABLED: 'true' })).toEqual([]);
  });

  it.each([
    [
      'the embedded store and another',
      { EMBEDDED_STORE_IN_PRODUCTION: 'true', MONGODB_URI: SECRET },
      /EMBEDDED_STORE_IN_PRODUCTION and MONGODB_URI/,
    ],
    [
      'the embedded store and FoundationDB',
      { EMBEDDED_STORE_IN_PRODUCTION: 'true', FDB_ENABLED: 'true' },
      /EMBEDDED_STORE_IN_PRODUCTION and FDB_ENABLED/,
    ],
    ['a cluster that is not used', { FDB_CLUSTER_FILE: '/hunter2' }, /FDB_CLUSTER_FILE.*FDB_ENABLED/],
    ['indexes of no store', { MONGODB_BUILD_INDEXES: 'true' }, /MONGODB_BUILD_INDEXES.*MONGODB_URI/],
    ['an address of something else', { MONGODB_URI: 'http://root:hunter2@db' }, /MONGODB_URI must be/],
    ['an unknown compressor', { MONGODB_COMPRESSORS: 'hunter2' }, /MONGODB_COMPRESSORS must be/],
  ])('is refused where it contradicts itself: %s; keys are named, values never', (_, environment, words) => {
    const found = problems(environment);
    expect(found).toEqual([expect.stringMatching(words)]);
    expect(found.join()).not.toMatch(/hunter2|internal/);
  });
});
