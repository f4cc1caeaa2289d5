import type { FieldTable } from './define-config';

/** Needed to reach a manager of secrets, so it cannot come from there. */
const BEFORE_ALL: ReadonlySet<string> = new Set(['VAULT_TOKEN']);

/** The settings whose value a source of secrets gives. */
export function secretNames(fields: FieldTable): readonly string[] {
  return Object.entries(fields)
    .filter(([name, field]) => field.sensitive && !BEFORE_ALL.has(name))
    .map(([name]) => name);
}

/** `NAME_FILE` for each of them that has no setting of its own of that name: the path of a file that holds the secret. */
export function secretFileNames(fields: FieldTable): readonly string[] {
  return secretNames(fields)
    .map((name) => `${name}_FILE`)
    .filter((name) => !Object.hasOwn(fields, name));
}
