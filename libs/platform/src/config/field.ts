import { placeholderWeakness, type SecretKind, secretWeakness } from '@state-server/secrets';
import * as z from 'zod/mini';

/** What a text of the environment becomes. */
type FieldSchema<T> = z.core.$ZodType<T, string>;

/** One setting of a service: everything that anybody needs to know about it. */
export interface Field<T> {
  readonly schema: FieldSchema<T>;
  /** One sentence for whoever runs the service. */
  readonly description: string;
  readonly unit?: string;
  /** As it would stand in the environment. */
  readonly default?: string;
  /** For `.env.example`, where there is no default. In production a secret that equals it is refused. */
  readonly example?: string;
  /** Without a default, and the service works without it. */
  readonly optional: boolean;
  /** Never shown: not in a log, not in an error. */
  readonly sensitive: boolean;
  /** Why this value is not good enough in production; undefined when it is. Must not repeat the value. */
  inProduction?(value: T): string | undefined;
}

export interface FieldOptions<T> {
  readonly description: string;
  readonly unit?: string;
  readonly default?: string;
  readonly example?: string;
  readonly sensitive?: true;
  inProduction?(value: T): string | undefined;
}

/**
 * A field of any form.
 * @param parse undefined means: refused
 * @param must what would be right: `must be …`; errors say this and never the value
 */
export function field<T>(
  parse: (text: string) => T | undefined,
  must: string,
  options: FieldOptions<T>,
): Field<T> {
  const schema = z.pipe(
    z.string(),
    z.transform((text: string, context) => {
      const value = parse(text);
      if (value !== undefined) return value;
      context.issues.push({ code: 'custom', message: must, input: undefined });
      return z.NEVER;
    }),
  );
  return { ...options, schema, optional: false, sensitive: options.sensitive === true };
}

export function text(options: FieldOptions<string>): Field<string> {
  return field((value) => value, 'must be text', options);
}

export function integer(
  bounds: { readonly min: number; readonly max: number },
  options: FieldOptions<number>,
): Field<number> {
  const { min, max } = bounds;
  const parse = (value: string): number | undefined => {
    const number = /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    return number >= min && number <= max ? number : undefined;
  };
  return field(parse, `must be an integer from ${min} to ${max}`, options);
}

export function flag(options: FieldOptions<boolean>): Field<boolean> {
  const values: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false };
  return field((value) => values[value.toLowerCase()], 'must be true or false', options);
}

export function oneOf<const T extends string>(allowed: readonly T[], options: FieldOptions<T>): Field<T> {
  const parse = (value: string): T | undefined => allowed.find((candidate) => candidate === value);
  return field(parse, `must be one of ${allowed.join(', ')}`, options);
}

/** An absolute URL with one of these schemes; kept as text, without a slash at its end. */
export function url(schemes: readonly string[], options: FieldOptions<string>): Field<string> {
  return field((value) => parseUrl(value, schemes), `must be a URL (${schemes.join(', ')})`, options);
}

/** A comma-separated list, spaces around the items ignored; empty text is an empty list. */
export function list<T>(
  parseItem: (text: string) => T | undefined,
  must: string,
  options: FieldOptions<readonly T[]>,
): Field<readonly T[]> {
  const parse = (value: string): readonly T[] | undefined => {
    const parts = value.split(',').map((part) => part.trim());
    const items = parts.filter((part) => part !== '').map(parseItem);
    return items.every((item) => item !== undefined) ? Object.freeze(items) : undefined;
  };
  return field(parse, must, options);
}

export function parseUrl(value: string, schemes: readonly string[]): string | undefined {
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  if (!parsed || !schemes.includes(parsed.protocol.slice(0, -1))) return undefined;
  return value.replace(/\/+$/, '');
}

/** The same field, where the service works without it. */
export function optional<T>(given: Field<T>): Field<T | undefined> {
  return {
    ...given,
    optional: true,
    inProduction: (value) => (value === undefined ? undefined : given.inProduction?.(value)),
  };
}

/** For `inProduction` of a secret: why it is not strong enough for what it is. */
export function strongSecret(kind: SecretKind): (secret: string) => string | undefined {
  return (secret) => secretWeakness(kind, secret);
}

/** Why a text of any length is no secret: it is the one of the documents, or one that anybody would try. */
export function refusePlaceholder(secret: string): string | undefined {
  return placeholderWeakness(secret);
}
