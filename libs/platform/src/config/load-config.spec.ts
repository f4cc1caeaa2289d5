import fc from 'fast-check';
import { commonFields, commonRules } from './common-fields';
import { defineConfig } from './define-config';
import { editDistance, resembles } from './edit-distance';
import { flag, integer, list, oneOf, optional, refusePlaceholder, text, url } from './field';
import { ConfigError, loadConfig } from './load-config';

const schema = defineConfig(
  {
    NODE_ENV: oneOf(['development', 'test', 'production'], {
      description: 'What for.',
      default: 'development',
    }),
    WORKERS: integer({ min: 1, max: 8 }, { description: 'How many.', unit: 'processes', default: '2' }),
    UPSTREAM_URL: url(['https'], { description: 'Where.' }),
    VERBOSE: flag({ description: 'Whether to say more.', default: 'false' }),
    PEERS: list((item) => (item.length === 1 ? item : undefined), 'must be single letters', {
      description: 'With whom.',
      default: '',
    }),
    SIGNING_SECRET: optional(
      text({
        description: 'What to sign with.',
        sensitive: true,
        inProduction: refusePlaceholder,
        example: 'abcdef',
      }),
    ),
  },
  [({ WORKERS, VERBOSE }) => (VERBOSE && WORKERS > 4 ? 'VERBOSE wants WORKERS of at most 4' : undefined)],
);

const load = (environment: Record<string, string>, file?: string) =>
  loadConfig(
    schema,
    { UPSTREAM_URL: 'https://up.test', ...environment },
    {
      readFile: () => {
        if (file === undefined) throw new Error('ENOENT');
        return file;
      },
    },
  );

function problems(work: () => unknown): readonly string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the settings of a service (PLAT-1)', () => {
  it('are typed, have their defaults, and cannot be changed', () => {
    const config = load({ WORKERS: '4', PEERS: 'a, b,' });
    expect(config).toEqual({
      NODE_ENV: 'development',
      WORKERS: 4,
      UPSTREAM_URL: 'https://up.test',
      VERBOSE: false,
      PEERS: ['a', 'b'],
      SIGNING_SECRET: undefined,
    });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.PEERS)).toBe(true);
  });

  it('count empty text as absent', () => {
    expect(load({ WORKERS: '' }).WORKERS).toBe(2);
    expect(problems(() => load({ UPSTREAM_URL: '' }))).toEqual(['UPSTREAM_URL is missing: Where.']);
  });

  it('are refused with all that is wrong at once, by key and never by value', () => {
    const found = problems(() =>
      load({ WORKERS: '9-hunter2', UPSTREAM_URL: 'http://hunter2@up', VERBOSE: 'hunter2', PEERS: 'hunter2' }),
    );
    expect(found).toEqual([
      'WORKERS must be an integer from 1 to 8',
      'UPSTREAM_URL must be a URL (https)',
      'VERBOSE must be true or false',
      'PEERS must be single letters',
    ]);
    expect(new ConfigError(found).message).not.toContain('hunter2');
  });

  it('never show a value, whatever it is', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[g-z]{12,20}$/), (value) => {
        const found = problems(() =>
          load({ WORKERS: value, VERBOSE: value, PEERS: value, UPSTREAM_URL: value }),
        );
        expect(found).toHaveLength(4);
        expect(found.join()).not.toContain(value);
      }),
    );
  });

  it('must agree with each other', () => {
    expect(problems(() => load({ VERBOSE: 'true', WORKERS: '5' }))).toEqual([
      'VERBOSE wants WORKERS of at most 4',
    ]);
  });
});

describe('a key that nobody knows (PLAT-2)', () => {
  it('is refused in the environment when a known one was probably meant', () => {
    const found = problems(() => load({ UPSTREAM_ULR: 'https://x.test', WORKRS: '3' }));
    expect(found).toHaveLength(2);
    expect(found[0]).toContain('UPSTREAM_ULR is not known: is UPSTREAM_URL meant?');
    expect(found[1]).toContain('WORKRS is not known: is WORKERS meant?');
  });

  it('is left alone where it belongs to another program', () => {
    expect(
      problems(() => load({ PATH: '/bin', HOME: '/root', UPSTREAM_PORT_8080_TCP: 'x', workers: '9' })),
    ).toEqual([]);
    expect(problems(() => load({ WORKRS: '3', CONFIG_IGNORE: 'OTHER, WORKRS' }))).toEqual([]);
  });

  it('is always refused in the file that CONFIG_FILE names', () => {
    const file = '# settings\nWORKERS=3\nWORKRS=4\nCOLOUR=red\n';
    expect(problems(() => load({ CONFIG_FILE: 'x' }, file))).toEqual([
      'CONFIG_FILE: WORKRS is not known here (WORKERS?)',
      'CONFIG_FILE: COLOUR is not known here',
    ]);
  });
});

describe('the file that CONFIG_FILE names', () => {
  it('stands below the environment', () => {
    const file = 'export WORKERS="3"\r\n\r\nVERBOSE=true\n';
    expect(load({ CONFIG_FILE: 'x' }, file)).toMatchObject({ WORKERS: 3, VERBOSE: true });
    expect(load({ CONFIG_FILE: 'x', WORKERS: '1' }, file)).toMatchObject({ WORKERS: 1, VERBOSE: true });
  });

  it('is refused when it cannot be read, when a line is none, and when a name stands in it twice', () => {
    expect(problems(() => load({ CONFIG_FILE: 'x' }))).toEqual([
      'CONFIG_FILE names a file that cannot be read',
    ]);
    expect(problems(() => load({ CONFIG_FILE: 'x' }, 'WORKERS=1\nhunter2\nWORKERS=2'))).toEqual([
      'CONFIG_FILE: line 2 is not NAME=value',
      'CONFIG_FILE: WORKERS stands in it twice',
    ]);
  });
});

describe('in production (PLAT-3)', () => {
  const production = { NODE_ENV: 'production' };

  it.each(['abcdef', 'change-me', 'placeholder-1234', 'aaaaaaaaaaaa'])(
    'a secret that anybody knows is refused: %s',
    (secret) => {
      expect(load({ SIGNING_SECRET: secret }).SIGNING_SECRET).toBe(secret);
      const found = problems(() => load({ ...production, SIGNING_SECRET: secret }));
      expect(found).toHaveLength(1);
      expect(found.join()).not.toContain(secret);
    },
  );

  it('a secret of one’s own will do, and so does none where it is optional', () => {
    expect(load({ ...production, SIGNING_SECRET: '9f8a7d6s5f' }).SIGNING_SECRET).toBe('9f8a7d6s5f');
    expect(load(production).SIGNING_SECRET).toBeUndefined();
  });

  it('every clock is right', () => {
    const common = defineConfig(commonFields({ service: 's', port: 1, metricsPort: 2 }));
    const offset = { CLOCK_OFFSET_MS: '-600000' };
    expect(loadConfig(common, offset).CLOCK_OFFSET_MS).toBe(-600_000);
    expect(problems(() => loadConfig(common, { ...production, ...offset }))).toEqual([
      'CLOCK_OFFSET_MS must be 0 in production',
    ]);
    expect(loadConfig(common, production).CLOCK_OFFSET_MS).toBe(0);
  });

  it('TLS must be declared, or served', () => {
    const common = defineConfig(commonFields({ service: 's', port: 1, metricsPort: 2 }), commonRules);
    const loadCommon = (environment: Record<string, string>) => () => loadConfig(common, environment);
    const stored = { ...production, EMBEDDED_STORE_IN_PRODUCTION: 'true' };
    expect(problems(loadCommon({}))).toEqual([]);
    expect(problems(loadCommon(stored))).toEqual([expect.stringContaining('TLS_AT_EDGE')]);
    expect(problems(loadCommon({ ...stored, TLS_AT_EDGE: 'true' }))).toEqual([]);
    expect(problems(loadCommon({ ...stored, TLS_CERT_FILE: 'c', TLS_KEY_FILE: 'k' }))).toEqual([]);
    expect(problems(loadCommon({ TLS_CERT_FILE: 'c' }))).toEqual([
      expect.stringContaining('belong together'),
    ]);
  });
});

describe('the distance between two names', () => {
  it('is a metric: zero for the same alone, the same both ways, no shorter by a detour', () => {
    const name = fc.stringMatching(/^[ABC_]{0,7}$/);
    fc.assert(
      fc.property(name, name, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance === 0).toBe(a === b);
        expect(editDistance(b, a)).toBe(distance);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });

  it('counts a swap of neighbours as one', () => {
    expect(editDistance('REDIS_ULR', 'REDIS_URL')).toBe(1);
    expect(editDistance('REDIS', 'REDIS_URL')).toBe(4);
  });

  it('does not guess at short names', () => {
    expect(resembles('PORTS', ['PORT'])).toBeUndefined();
    expect(resembles('HOSTS', ['HOST', 'HOST_NAME'])).toBeUndefined();
    expect(resembles('LOG_LEVL', ['PORT', 'LOG_LEVEL'])).toBe('LOG_LEVEL');
  });
});
