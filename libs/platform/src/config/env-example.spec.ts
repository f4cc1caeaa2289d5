import { commonFields, commonRules } from './common-fields';
import { defineConfig } from './define-config';
import { renderEnvExample } from './env-example';
import { integer, list, text } from './field';
import { parseConfigFile } from './config-file';
import { loadConfig } from './load-config';

const one = defineConfig(
  {
    ...commonFields({ service: 'one', port: 4001, metricsPort: 4051 }),
    SHARED_WITH_TWO: text({ description: 'Both have it.', default: 'x' }),
    ONLY_OF_ONE: integer({ min: 0, max: 9 }, { description: 'One has it.', unit: 'pieces', default: '5' }),
    KEY_OF_ONE: list((item) => item, 'must be a list', {
      description: 'A secret without a default.',
      example: 'whsec_x',
      sensitive: true,
    }),
  },
  commonRules,
);
const two = defineConfig({
  ...commonFields({ service: 'two', port: 4002, metricsPort: 4052 }),
  SHARED_WITH_TWO: text({ description: 'Both have it.', default: 'x' }),
});
const three = defineConfig(commonFields({ service: 'three', port: 4003, metricsPort: 4053 }));
const APPS = [
  { app: 'one', fields: one.fields },
  { app: 'two', fields: two.fields },
  { app: 'three', fields: three.fields },
];

describe('.env.example', () => {
  const text = renderEnvExample(APPS);

  it('names every setting of every app once', () => {
    for (const { fields } of APPS) {
      for (const name of Object.keys(fields)) {
        expect([
          name,
          text.split('\n').filter((line) => new RegExp(`^#?${name}=`).test(line)).length,
        ]).toEqual([name, 1]);
      }
    }
  });

  it('says unit, default, user and whether it is a secret', () => {
    expect(text).toContain('# One has it. Unit: pieces.\n#ONLY_OF_ONE=5');
    expect(text).toContain('Used by one, two.');
    expect(text).toContain('# A secret without a default. Secret. Required.\nKEY_OF_ONE=whsec_x');
    expect(text).toContain('Default: 4001 (one), 4002 (two), 4003 (three).');
  });

  it('can be loaded as it is', () => {
    const { values, problems } = parseConfigFile(text);
    expect(problems).toEqual([]);
    expect(loadConfig(one, values)).toMatchObject({ PORT: 4001, KEY_OF_ONE: ['whsec_x'] });
  });

  it('is refused where one name could be the other one misspelt', () => {
    const alike = defineConfig({ ONLY_OF_ONES: text_('a') });
    expect(() => renderEnvExample([...APPS, { app: 'four', fields: alike.fields }])).toThrow(
      'ONLY_OF_ONE and ONLY_OF_ONES are too alike',
    );
  });
});

function text_(description: string) {
  return text({ description });
}
