import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLIENT_FRAMES } from '../frames/client-frames';
import { SERVER_FRAMES } from '../frames/server-brane-frames';
import { toEnvelope } from '../errors/fail';
import { asyncApiDocument } from './asyncapi';
import { pascalCase } from './names';
import { openApiDocument } from './openapi';

type Schema = Readonly<Record<string, unknown>>;
type Schemas = Readonly<Record<string, Schema>>;

const isMap = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (Number.isInteger(value)) return 'integer';
  return typeof value;
};

/** As much of JSON Schema 2020-12 as the documents use; the paths of what does not fit. */
class Checker {
  constructor(private readonly schemas: Schemas) {}

  problems(schema: Schema, value: unknown, path = ''): string[] {
    const found: string[] = [];
    const { $ref } = schema;
    if (typeof $ref === 'string') {
      found.push(
        ...this.problems(this.schemas[$ref.replace('#/components/schemas/', '')] ?? {}, value, path),
      );
    }
    if (schema['type'] !== undefined && !this.hasType(schema['type'], value)) return [`${path} type`];
    if (schema['const'] !== undefined && schema['const'] !== value) found.push(`${path} const`);
    if (Array.isArray(schema['enum']) && !schema['enum'].includes(value)) found.push(`${path} enum`);
    if (typeof value === 'string') found.push(...this.text(schema, value, path));
    if (typeof value === 'number' && typeof schema['minimum'] === 'number' && value < schema['minimum']) {
      found.push(`${path} minimum`);
    }
    if (Array.isArray(value)) found.push(...this.list(schema, value, path));
    if (isMap(value)) found.push(...this.map(schema, value, path));
    return [...found, ...this.options(schema, value, path)];
  }

  private hasType(type: unknown, value: unknown): boolean {
    const actual = typeOf(value);
    const allowed: unknown[] = Array.isArray(type) ? type : [type];
    return allowed.includes(actual) || (actual === 'integer' && allowed.includes('number'));
  }

  private text(schema: Schema, value: string, path: string): string[] {
    const { pattern, format, minLength } = schema;
    const fits =
      (typeof pattern !== 'string' || new RegExp(pattern, 'u').test(value)) &&
      (format !== 'uuid' || /^[0-9a-f-]{36}$/.test(value)) &&
      (format !== 'date-time' || !Number.isNaN(Date.parse(value))) &&
      (typeof minLength !== 'number' || value.length >= minLength);
    return fits ? [] : [`${path} text`];
  }

  private list(schema: Schema, value: readonly unknown[], path: string): string[] {
    const { items, minItems, maxItems } = schema;
    if (typeof minItems === 'number' && value.length < minItems) return [`${path} minItems`];
    if (typeof maxItems === 'number' && value.length > maxItems) return [`${path} maxItems`];
    return isMap(items) ? value.flatMap((item, i) => this.problems(items, item, `${path}/${i}`)) : [];
  }

  private map(schema: Schema, value: Schema, path: string): string[] {
    const { properties, required, additionalProperties, propertyNames } = schema;
    const known = isMap(properties) ? properties : {};
    const missing = Array.isArray(required) ? required.filter((name: string) => !(name in value)) : [];
    const found = missing.map((name: string) => `${path}/${name} required`);
    for (const [name, field] of Object.entries(value)) {
      const own = known[name];
      if (isMap(propertyNames)) found.push(...this.problems(propertyNames, name, `${path}/${name}`));
      if (isMap(own)) found.push(...this.problems(own, field, `${path}/${name}`));
      else if (additionalProperties === false) found.push(`${path}/${name} unknown`);
      else if (isMap(additionalProperties))
        found.push(...this.problems(additionalProperties, field, `${path}/${name}`));
    }
    return found;
  }

  private options(schema: Schema, value: unknown, path: string): string[] {
    for (const word of ['oneOf', 'anyOf']) {
      const options: unknown = schema[word];
      if (!Array.isArray(options)) continue;
      const tried = options.filter(isMap).map((option) => this.problems(option, value, path));
      const fitting = tried.filter((problems) => problems.length === 0).length;
      if (fitting === 0) return [`${path} ${word}: ${tried.map(String).join(' | ')}`];
      if (word === 'oneOf' && fitting > 1) return [`${path} oneOf: ${fitting} fit`];
    }
    return [];
  }
}

const schemasOf = (document: Schema): Schemas => (document['components'] as { schemas: Schemas }).schemas;
const golden = (type: string): Schema => {
  const file = join(__dirname, '../golden', `${type}.json`);
  return (JSON.parse(readFileSync(file, 'utf8')) as { json: Schema }).json;
};

const frames = schemasOf(asyncApiDocument());
const checkFrame = (type: string, frame: unknown): string[] =>
  new Checker(frames).problems(frames[pascalCase(type)] ?? { const: 'no such schema' }, frame);

describe('the documents describe what is really on the wire', () => {
  it.each([...Object.keys(CLIENT_FRAMES), ...Object.keys(SERVER_FRAMES)])('%s', (type) => {
    expect(checkFrame(type, golden(type))).toEqual([]);
  });

  it.each(Object.keys(CLIENT_FRAMES))('%s with a field too many or too few does not fit', (type) => {
    expect(checkFrame(type, { ...golden(type), surprise: 1 })).not.toEqual([]);
    if (type !== 'system.ping') expect(checkFrame(type, { type })).not.toEqual([]);
    expect(checkFrame(type, { ...golden(type), type: 'other' })).not.toEqual([]);
  });

  it('a transform of 15 numbers does not fit', () => {
    const edit = {
      ...golden('brane.edit'),
      ops: [{ op: 'transform', id: golden('brane.edit')['brane_id'], transform: Array(15).fill(0) }],
    };
    expect(checkFrame('brane.edit', edit)).not.toEqual([]);
  });

  it('an object over REST is the one in a frame', () => {
    const schemas = schemasOf(openApiDocument());
    for (const object of golden('brane.snapshot')['objects'] as readonly unknown[]) {
      expect(new Checker(schemas).problems(schemas['SceneObject'] ?? {}, object)).toEqual([]);
    }
  });

  it('an error fits ErrorMessageResponse', () => {
    const schemas = schemasOf(openApiDocument());
    const checker = new Checker(schemas);
    const envelope = toEnvelope(new Error('x'), 'r-1');
    expect(checker.problems(schemas['ErrorMessageResponse'] ?? {}, envelope)).toEqual([]);
    expect(checker.problems(schemas['ErrorMessageResponse'] ?? {}, { error: 'x' })).not.toEqual([]);
  });
});
