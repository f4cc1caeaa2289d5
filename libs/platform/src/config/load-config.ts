import { readFileSync } from 'node:fs';
import { placeholderWeakness, type SecretSource } from '@state-server/secrets';
import * as z from 'zod/mini';
import { parseConfigFile } from './config-file';
import type { ConfigOf, ConfigSchema, FieldTable } from './define-config';
import { resembles } from './edit-distance';
import type { Field } from './field';
import { secretFileNames, secretNames } from './secret-names';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The service cannot run as it is set up. Problems name keys and what would be right, never a value. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`the configuration is not right: ${problems.join('; ')}`);
    this.name = 'ConfigError';
  }
}

export interface LoadOptions {
  /** Throws when it cannot be read. */
  readonly readFile?: (path: string) => string;
  /** Where sensitive settings come from; default: the environment, as all else. */
  readonly secrets?: Pick<SecretSource, 'get' | 'names'>;
}

const OURS = /^[A-Z][A-Z0-9_]*$/;

/**
 * The settings of one service, checked and frozen. Values come from the environment and, below it, from the file that
 * CONFIG_FILE names; empty text counts as absent. What is unknown is refused as far as it can be told:
 * - every key of the file must be known to this service;
 * - an environment is shared with other programs, so there only a name that a known one was probably meant by (one or
 *   two mistakes apart) is refused; CONFIG_IGNORE lists such names of other programs.
 * In production each field and rule may ask for more. Throws ConfigError with all that is wrong.
 */
export function loadConfig<Fields extends FieldTable>(
  schema: ConfigSchema<Fields>,
  environment: Environment,
  options: LoadOptions = {},
): ConfigOf<Fields> {
  const { values, problems } = givenValues(schema.fields, environment, options);
  problems.push(...misplaced(schema.fields, options.secrets?.names() ?? []));
  const secrets = withSecrets(schema.fields, values, options);
  const config = readAll(schema.fields, secrets, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  // Every field was read by its own schema, which is what ConfigOf is inferred from.
  const frozen = Object.freeze(config) as ConfigOf<Fields>;
  const broken = schema.rules.map((rule) => rule(frozen)).filter((problem) => problem !== undefined);
  if (broken.length > 0) throw new ConfigError(broken);
  return frozen;
}

/** Some settings by themselves: others may stand beside them. Throws ConfigError. */
export function loadPart<Fields extends FieldTable>(
  schema: ConfigSchema<Fields>,
  values: Readonly<Record<string, string>>,
): ConfigOf<Fields> {
  const problems: string[] = [];
  // As in loadConfig.
  const config = readAll(schema.fields, values, problems) as ConfigOf<Fields>;
  if (problems.length > 0) throw new ConfigError(problems);
  const broken = schema.rules.map((rule) => rule(config)).filter((problem) => problem !== undefined);
  if (broken.length > 0) throw new ConfigError(broken);
  return config;
}

/** What the environment and CONFIG_FILE say, and what is wrong with their names. */
export function givenValues(
  fields: FieldTable,
  environment: Environment,
  options: LoadOptions,
): { readonly values: Readonly<Record<string, string>>; readonly problems: string[] } {
  const problems: string[] = [];
  const known = [...Object.keys(fields), ...secretFileNames(fields)];
  const values = { ...fileValues(environment, known, options, problems), ...withoutEmpty(environment) };
  problems.push(...misspelt(environment, known));
  return { values, problems };
}

function withSecrets(
  fields: FieldTable,
  values: Readonly<Record<string, string>>,
  { secrets }: LoadOptions,
): Readonly<Record<string, string>> {
  if (!secrets) return values;
  const known = secretNames(fields).map((name) => [name, secrets.get(name)] as const);
  return { ...values, ...withoutEmpty(Object.fromEntries(known)) };
}

/** A manager of secrets serves several programs: of what is not known here only what looks like ours is refused. */
function misplaced(fields: FieldTable, held: readonly string[]): string[] {
  const secrets = secretNames(fields);
  return held.flatMap((name) => {
    if (secrets.includes(name)) return [];
    if (Object.hasOwn(fields, name)) {
      return [`${name} is kept with the secrets, and is none: set it in the environment`];
    }
    const meant = resembles(name, secrets);
    return meant === undefined ? [] : [`${name}, kept with the secrets, is not known: is ${meant} meant?`];
  });
}

function readAll(
  fields: FieldTable,
  values: Readonly<Record<string, string>>,
  problems: string[],
): Record<string, unknown> {
  const production = values['NODE_ENV'] === 'production';
  const config: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const outcome = readSetting(name, field, values[name], production);
    if (outcome.problem !== undefined) problems.push(outcome.problem);
    else config[name] = outcome.value;
  }
  return config;
}

/** One setting, as it would be read at the start. The problem begins with its name. */
export function readSetting(
  name: string,
  field: Field<unknown>,
  given: string | undefined,
  production: boolean,
): { readonly value?: unknown; readonly problem?: string } {
  const text = given ?? field.default;
  if (text === undefined) {
    return field.optional ? { value: undefined } : { problem: `${name} is missing: ${field.description}` };
  }
  const result = z.safeParse(field.schema, text);
  if (!result.success) return { problem: `${name} ${result.error.issues[0]?.message ?? 'is not right'}` };
  const tooWeak = production ? weakness(field, text, result.data) : undefined;
  return tooWeak === undefined ? { value: result.data } : { problem: `${name} ${tooWeak}` };
}

function weakness(field: Field<unknown>, text: string, value: unknown): string | undefined {
  if (field.sensitive && field.example !== undefined && text === field.example) {
    return 'must not be the secret of the documents in production';
  }
  return field.inProduction?.(value) ?? (field.sensitive ? placeholder(text) : undefined);
}

/** Whatever a secret is for: what anybody would try is none. Several may stand in one text; of a URL only the password is one. */
function placeholder(text: string): string | undefined {
  if (text.includes('://')) return undefined;
  return text
    .split(',')
    .map((part) => (part.trim() === '' ? undefined : placeholderWeakness(part.trim())))
    .find((problem) => problem !== undefined);
}

function fileValues(
  environment: Environment,
  known: readonly string[],
  options: LoadOptions,
  problems: string[],
): Readonly<Record<string, string>> {
  const path = environment['CONFIG_FILE'];
  if (path === undefined || path === '') return {};
  const readFile = options.readFile ?? ((file) => readFileSync(file, 'utf8'));
  let text: string;
  try {
    text = readFile(path);
  } catch {
    problems.push('CONFIG_FILE names a file that cannot be read');
    return {};
  }
  const file = parseConfigFile(text);
  problems.push(...file.problems.map((problem) => `CONFIG_FILE: ${problem}`));
  for (const name of Object.keys(file.values)) {
    if (known.includes(name)) continue;
    const meant = resembles(name, known);
    problems.push(`CONFIG_FILE: ${name} is not known here${meant === undefined ? '' : ` (${meant}?)`}`);
  }
  return withoutEmpty(file.values);
}

/** Names that other programs are known by and that look like one of ours. */
const OF_OTHERS = new Set(['SSL_CERT_FILE', 'VAULT_CAPATH']);

function misspelt(environment: Environment, known: readonly string[]): string[] {
  const ignored = (environment['CONFIG_IGNORE'] ?? '').split(',').map((name) => name.trim());
  const problems: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (!value || !OURS.test(name) || known.includes(name)) continue;
    if (OF_OTHERS.has(name) || ignored.includes(name)) continue;
    const meant = resembles(name, known);
    if (meant === undefined) continue;
    problems.push(
      `${name} is not known: is ${meant} meant? (another program's variable goes into CONFIG_IGNORE)`,
    );
  }
  return problems;
}

function withoutEmpty(values: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) if (value) kept[name] = value;
  return kept;
}
