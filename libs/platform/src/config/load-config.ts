import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { parseConfigFile } from './config-file';
import type { ConfigOf, ConfigSchema, FieldTable } from './define-config';
import { resembles } from './edit-distance';
import type { Field } from './field';

type Environment = Readonly<Record<string, string | undefined>>;

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
  const problems: string[] = [];
  const known = Object.keys(schema.fields);
  const values = { ...fileValues(environment, known, options, problems), ...withoutEmpty(environment) };
  problems.push(...misspelt(environment, known));
  const production = values['NODE_ENV'] === 'production';
  const config: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(schema.fields)) {
    const outcome = read(name, field, values[name], production);
    if (outcome.problem !== undefined) problems.push(outcome.problem);
    else config[name] = outcome.value;
  }
  if (problems.length > 0) throw new ConfigError(problems);
  // Every field was read by its own schema, which is what ConfigOf is inferred from.
  const frozen = Object.freeze(config) as ConfigOf<Fields>;
  const broken = schema.rules.map((rule) => rule(frozen)).filter((problem) => problem !== undefined);
  if (broken.length > 0) throw new ConfigError(broken);
  return frozen;
}

function read(
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
  return field.inProduction?.(value);
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
const OF_OTHERS = new Set(['SSL_CERT_FILE']);

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
