import type { Field } from './field';

/** Name of the environment variable → what it means. */
export type FieldTable = Readonly<Record<string, Field<unknown>>>;

export type ConfigOf<Fields extends FieldTable> = {
  readonly [Name in keyof Fields]: Fields[Name] extends Field<infer Value> ? Value : never;
};

/** What must hold between fields. Answers what is wrong, naming keys and no value; undefined when it holds. */
export type ConfigRule<Config> = (config: Config) => string | undefined;

export interface ConfigSchema<Fields extends FieldTable> {
  readonly fields: Fields;
  readonly rules: readonly ConfigRule<ConfigOf<Fields>>[];
}

/** The settings of one service. A key is upper-case and stands for itself in the environment. */
export function defineConfig<Fields extends FieldTable>(
  fields: Fields,
  rules: readonly ConfigRule<ConfigOf<Fields>>[] = [],
): ConfigSchema<Fields> {
  return { fields, rules };
}
