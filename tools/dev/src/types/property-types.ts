import type { PropertyRule, PropertySchema } from '@state-server/domain';

export interface TypedVersion {
  readonly name: string;
  readonly prototype_id: string;
  readonly version: number;
  readonly schema?: PropertySchema;
}

const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** A TypeScript file with one interface: the properties of an instance's root, as the schema of that version has them. */
export function propertyTypes(version: TypedVersion): string {
  const { prototype_id, version: number, schema } = version;
  const fields = Object.entries(schema?.properties ?? {}).flatMap(([name, rule]) => [
    `  /** ${docOf(rule)} */`,
    `  readonly ${keyOf(name)}${rule.required === true ? '' : '?'}: ${typeOf(rule)};`,
  ]);
  const isOpen = schema === undefined || schema.open === true;
  if (isOpen) fields.push('  readonly [name: string]: unknown;');
  return [
    `// Generated from version ${number} of the prototype ${prototype_id}; do not edit.`,
    '',
    `/** Properties of an instance of ${comment(JSON.stringify(version.name))}. */`,
    `export interface ${interfaceName(version.name)} {`,
    ...fields,
    '}',
    '',
  ].join('\n');
}

/** `old lamp!` → `OldLampProperties`. */
export function interfaceName(name: string): string {
  const words = name.normalize('NFKD').match(/[A-Za-z0-9]+/g) ?? [];
  const joined = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
  return `${/^[A-Za-z]/.test(joined) ? joined : `Prototype${joined}`}Properties`;
}

function keyOf(name: string): string {
  return IDENTIFIER.test(name) ? name : literal(name);
}

/** JSON, and no line separator of JavaScript in it. */
function literal(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`);
}

function typeOf(rule: PropertyRule): string {
  switch (rule.type) {
    case 'number':
      return 'number';
    case 'integer':
      return isSafe(rule) ? 'number' : 'number | bigint';
    case 'text':
    case 'reference':
      return 'string';
    case 'boolean':
      return 'boolean';
    case 'color':
      return '`#${string}`';
    case 'enum':
      return rule.values.map(literal).join(' | ');
    case 'any':
      return 'unknown';
    default:
      return rule satisfies never;
  }
}

function isSafe({ min, max }: Extract<PropertyRule, { readonly type: 'integer' }>): boolean {
  return min !== undefined && max !== undefined;
}

function docOf(rule: PropertyRule): string {
  const facts = [rule.description, ...boundsOf(rule)];
  if (rule.type !== 'any' && rule.default !== undefined)
    facts.push(`default ${JSON.stringify(rule.default)}`);
  const told = facts.filter((fact) => fact !== undefined && fact !== '');
  return comment(told.length === 0 ? rule.type : told.join('; '));
}

function boundsOf(rule: PropertyRule): string[] {
  switch (rule.type) {
    case 'number':
    case 'integer': {
      const { unit, min, max, step } = rule;
      const range = min === undefined && max === undefined ? '' : `${min ?? '−∞'} … ${max ?? '∞'}`;
      return [unit === undefined ? '' : `in ${unit}`, range, step === undefined ? '' : `steps of ${step}`];
    }
    case 'text':
      return [rule.max_chars === undefined ? '' : `at most ${rule.max_chars} characters`];
    case 'reference':
      return [`id of ${rule.to === 'object' ? 'an object' : 'a prototype'}`];
    case 'color':
      return ['#rrggbb or #rrggbbaa'];
    default:
      return [];
  }
}

/** Nothing that an author wrote ends the comment. */
function comment(text: string): string {
  return text.replaceAll('*/', '*∕').replace(/\s+/g, ' ');
}
