import type { FieldTable } from './define-config';
import { resembles } from './edit-distance';
import type { Field } from './field';
import { secretFileNames } from './secret-names';

export interface AppConfig {
  readonly app: string;
  readonly fields: FieldTable;
}

const WIDTH = 110;

/**
 * `.env.example`: every setting of every app, once, with unit and default. Throws when two names are so alike that one
 * could be taken for a misspelt other: `loadConfig` could not tell them apart.
 */
export function renderEnvExample(apps: readonly AppConfig[]): string {
  assertDistinct(apps);
  const users = new Map<string, string[]>();
  for (const { app, fields } of apps) {
    for (const name of Object.keys(fields)) users.set(name, [...(users.get(name) ?? []), app]);
  }
  const seen = new Set<string>();
  const sections = apps.flatMap(({ app, fields }) => {
    const own = Object.entries(fields).filter(([name]) => users.get(name)?.length === 1);
    return own.length === 0 ? [] : [section(`Only ${app}`, own, apps, seen)];
  });
  const shared = apps.flatMap(({ fields }) =>
    Object.entries(fields).filter(([name]) => {
      const count = users.get(name)?.length ?? 0;
      return count > 1 && count < apps.length;
    }),
  );
  const all = Object.entries(apps[0]?.fields ?? {}).filter(
    ([name]) => users.get(name)?.length === apps.length && apps.length > 1,
  );
  return [
    '# Every setting of every service. Generated from the config tables of apps/*/src/config.ts; do not edit.',
    '# What is commented out has the default that is shown. Names that are not known are refused (see docs/guide/deploy.md).',
    '# A secret may come from Vault, from a file in SECRETS_DIR, or from the file that NAME_FILE names: docs/spec/secrets.md.',
    '',
    section('Every service', all, apps, seen),
    ...(shared.length === 0 ? [] : [section('Several services', shared, apps, seen)]),
    ...sections,
  ].join('\n');
}

function section(
  title: string,
  fields: readonly (readonly [string, Field<unknown>])[],
  apps: readonly AppConfig[],
  seen: Set<string>,
): string {
  const lines = [`# --- ${title} ---`, ''];
  const files = new Set(apps.flatMap((app) => secretFileNames(app.fields)));
  for (const [name, field] of fields) {
    if (seen.has(name)) continue;
    seen.add(name);
    lines.push(...wrap(`${field.description}${notes(name, field, apps)}`));
    const value = field.default ?? field.example ?? '';
    lines.push(field.default === undefined && !field.optional ? `${name}=${value}` : `#${name}=${value}`);
    if (files.has(`${name}_FILE`)) lines.push(`#${name}_FILE=`);
    lines.push('');
  }
  return lines.join('\n');
}

function notes(name: string, field: Field<unknown>, apps: readonly AppConfig[]): string {
  const having = apps.filter(({ fields }) => Object.hasOwn(fields, name));
  const defaults = new Map(having.map(({ app, fields }) => [app, fields[name]?.default]));
  const differing = new Set(defaults.values()).size > 1;
  const parts = [
    field.unit === undefined ? '' : `Unit: ${field.unit}.`,
    field.sensitive ? 'Secret.' : '',
    field.default === undefined ? (field.optional ? 'Optional.' : 'Required.') : '',
    having.length > 1 && having.length < apps.length
      ? `Used by ${having.map(({ app }) => app).join(', ')}.`
      : '',
    differing
      ? `Default: ${[...defaults].map(([app, value]) => `${value || 'none'} (${app})`).join(', ')}.`
      : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : ` ${parts.join(' ')}`;
}

function wrap(sentence: string): string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of sentence.split(' ')) {
    if (line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

function assertDistinct(apps: readonly AppConfig[]): void {
  const names = [...new Set(apps.flatMap(({ fields }) => Object.keys(fields)))];
  for (const name of names) {
    const like = resembles(name, names);
    if (like !== undefined) throw new Error(`the settings ${name} and ${like} are too alike`);
  }
}
