import { Html, html } from './html';

export type JsonMap = Readonly<Record<string, unknown>>;

export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function mapOf(value: unknown): JsonMap {
  return isMap(value) ? value : {};
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Follows `#/a/b` (RFC 6901) within the document; anything else is answered as it is. */
export function resolve(document: JsonMap, value: unknown): JsonMap {
  const reference = isMap(value) ? textOf(value['$ref']) : undefined;
  if (reference === undefined || !reference.startsWith('#/')) return mapOf(value);
  const path = reference.slice(2).split('/');
  return mapOf(
    path.reduce<unknown>((node, part) => mapOf(node)[part.replace(/~1/g, '/').replace(/~0/g, '~')], document),
  );
}

/** The last part of a reference, which is the name of what it points to. */
export function referenceName(value: unknown): string | undefined {
  const reference = isMap(value) ? textOf(value['$ref']) : undefined;
  return reference?.split('/').at(-1);
}

/** Nested tables deeper than this are cut with "…". */
const MAX_DEPTH = 6;

/** A schema's type in one line: `string (uuid)`, `"group" | "block"`, `array of Transform`. */
export function typeLine(schema: unknown, depth = 0): Html {
  const node = mapOf(schema);
  const name = referenceName(node);
  if (name !== undefined) return html`<a href="#schema-${name}">${name}</a>`;
  if (depth > MAX_DEPTH) return html`…`;
  if ('const' in node) return html`<code>${JSON.stringify(node['const'])}</code>`;
  const choices = node['enum'];
  if (Array.isArray(choices)) {
    return joined(choices.map((choice) => html`<code>${JSON.stringify(choice)}</code>`));
  }
  const variants = [...listOf(node['anyOf']), ...listOf(node['oneOf'])];
  if (variants.length > 0) return joined(variants.map((variant) => typeLine(variant, depth + 1)));
  const type = listOf(node['type']).length > 0 ? listOf(node['type']).join(' | ') : textOf(node['type']);
  if (type === 'array') return html`array of ${typeLine(node['items'], depth + 1)}${bounds(node)}`;
  if (type === undefined) return html`any`;
  const format = textOf(node['format']);
  return html`${type}${format === undefined ? '' : ` (${format})`}${bounds(node)}`;
}

/** The fields of an object schema as a table, nested ones indented below. */
export function fieldTable(schema: unknown): Html {
  const rows = fieldRows(schema, '', 0);
  if (rows.length === 0) return html``;
  return html`<table>
    <thead>
      <tr>
        <th>Field</th>
        <th>Type</th>
        <th>Meaning</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

function fieldRows(schema: unknown, prefix: string, depth: number): Html[] {
  const node = mapOf(schema);
  const required = new Set(listOf(node['required']));
  return Object.entries(mapOf(node['properties'])).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const optional = required.has(name) ? '' : '?';
    const description = textOf(mapOf(field)['description']) ?? '';
    const row = html`<tr>
      <td><code>${path}${optional}</code></td>
      <td>${typeLine(field)}</td>
      <td>${description}</td>
    </tr>`;
    const nested = depth < MAX_DEPTH ? fieldRows(innerObject(field), `${path}.`, depth + 1) : [];
    return [row, ...nested];
  });
}

function innerObject(field: unknown): unknown {
  const node = mapOf(field);
  return node['type'] === 'array' ? node['items'] : node;
}

function bounds(node: JsonMap): string {
  const names = ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems'];
  const known = names.filter((name) => typeof node[name] === 'number');
  return known.length === 0 ? '' : `, ${known.map((name) => `${name} ${String(node[name])}`).join(', ')}`;
}

function joined(parts: readonly Html[]): Html {
  return new Html(parts.map((part) => part.text).join(' | '));
}
