import { CLIENT_FRAMES } from '../frames/client-frames';
import { SERVER_FRAMES } from '../frames/server-brane-frames';
import { errorsOf } from '../rest/errors-of';
import type { Route } from '../rest/route';
import { ROUTES } from '../rest/routes';
import { errorRow, ERRORS } from '../errors/error-table';
import { asyncApiDocument } from './asyncapi';
import { errorsPage } from './errors-page';
import { pascalCase } from './names';
import { openApiDocument } from './openapi';

type Node = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}

function at(document: unknown, ...path: readonly string[]): Node {
  let node = document;
  for (const step of path) node = isNode(node) ? node[step] : undefined;
  if (!isNode(node)) throw new Error(`nothing at ${path.join(' / ')}`);
  return node;
}

function* nodes(value: unknown): Generator<Node> {
  if (!isNode(value)) return;
  yield value;
  for (const child of Object.values(value)) yield* nodes(child);
}

function unresolved(document: Node): string[] {
  return [...nodes(document)].flatMap(({ $ref }) => {
    if (typeof $ref !== 'string') return [];
    let node: unknown = document;
    for (const step of $ref.replace('#/', '').split('/')) node = isNode(node) ? node[step] : undefined;
    return node === undefined ? [$ref] : [];
  });
}

/** Places where a schema says nothing at all: a check that JSON Schema could not see. */
function silent(schemas: Node): string[] {
  const found: string[] = [];
  const walk = (schema: Node, path: string): void => {
    const words = Object.keys(schema).filter((word) => word !== 'description');
    if (words.length === 0) found.push(path);
    for (const [name, field] of Object.entries(isNode(schema['properties']) ? schema['properties'] : {})) {
      if (isNode(field)) walk(field, `${path}/${name}`);
    }
    for (const word of ['items', 'additionalProperties', 'propertyNames']) {
      const inner = schema[word];
      if (isNode(inner)) walk(inner, `${path}/${word}`);
    }
    for (const word of ['oneOf', 'anyOf', 'allOf']) {
      const options = schema[word];
      if (Array.isArray(options))
        options.filter(isNode).forEach((option, i) => walk(option, `${path}/${word}/${i}`));
    }
  };
  for (const [name, schema] of Object.entries(schemas)) if (isNode(schema)) walk(schema, name);
  return found;
}

const openApi = openApiDocument();
const asyncApi = asyncApiDocument();
const publicRoutes = Object.values<Route>(ROUTES).filter(({ area }) => area !== 'internal');

describe.each([
  ['OpenAPI', openApi],
  ['AsyncAPI', asyncApi],
])('the %s document', (_name, document) => {
  it('refers only to what is there', () => {
    expect(unresolved(document)).toEqual([]);
  });

  it('has no word of OpenAPI 3.0', () => {
    for (const node of nodes(document)) expect(node).not.toHaveProperty('nullable');
  });

  it('says something about every field, except where anything may stand', () => {
    const anything = /(details|result)\/additionalProperties$/;
    expect(silent(at(document, 'components', 'schemas')).filter((path) => !anything.test(path))).toEqual([]);
  });

  it('is made the same every time', () => {
    const again = document['openapi'] === undefined ? asyncApiDocument() : openApiDocument();
    expect(JSON.stringify(again)).toBe(JSON.stringify(document));
  });
});

describe('the OpenAPI document', () => {
  it('is of version 3.1', () => {
    expect(openApi['openapi']).toBe('3.1.0');
  });

  it.each(publicRoutes.map((route) => [route.id, route] as const))(
    '%s has all of its parts',
    (_id, route) => {
      const operation = at(openApi, 'paths', route.path, route.method.toLowerCase());
      const names = ((operation['parameters'] ?? []) as readonly Node[]).map(
        (p) => `${String(p['in'])} ${String(p['name'])}`,
      );
      for (const [, name] of route.path.matchAll(/\{(\w+)\}/g)) expect(names).toContain(`path ${name ?? ''}`);
      expect(names.includes('header idempotency-key')).toBe(route.idempotency !== 'none');
      expect(names.includes('header if-match')).toBe(route.etag === 'honoured');
      expect(operation['security']).toEqual(route.auth === 'bearer' ? [{ bearer: [] }] : []);
      if (route.request !== undefined) {
        expect(Object.keys(at(operation, 'requestBody', 'content'))).toEqual([
          'application/cbor',
          'application/json',
        ]);
      }
      const statuses = new Set(errorsOf(route).map((code) => errorRow(code).status));
      const accepted = route.accepted === undefined ? [] : [202];
      const expected = [...statuses, route.response.status, ...accepted].map(String).sort();
      expect(Object.keys(at(operation, 'responses')).sort()).toEqual(expected);
      for (const status of statuses) {
        expect(
          at(operation, 'responses', String(status), 'content', 'application/json', 'schema')['$ref'],
        ).toBe('#/components/schemas/ErrorMessageResponse');
      }
    },
  );

  it('does not show what is internal', () => {
    expect(JSON.stringify(openApi)).not.toContain('/internal');
  });

  it('names each operation once', () => {
    const ids = publicRoutes.map(
      (route) => at(openApi, 'paths', route.path, route.method.toLowerCase())['operationId'],
    );
    expect(new Set(ids).size).toBe(publicRoutes.length);
  });
});

describe('the AsyncAPI document', () => {
  it('has a message with a schema and a summary for every frame', () => {
    for (const type of [...Object.keys(CLIENT_FRAMES), ...Object.keys(SERVER_FRAMES)]) {
      expect(at(asyncApi, 'components', 'messages', pascalCase(type))['name']).toBe(type);
      expect(at(asyncApi, 'components', 'messages', pascalCase(type))['summary']).toMatch(/\.$/);
      expect(at(asyncApi, 'components', 'schemas', pascalCase(type))).toBeDefined();
      expect(at(asyncApi, 'channels', 'ws', 'messages', pascalCase(type))).toBeDefined();
    }
  });

  it('receives what clients send and says what is answered', () => {
    for (const type of Object.keys(CLIENT_FRAMES)) {
      const operation = at(asyncApi, 'operations', `receive${pascalCase(type)}`);
      expect(operation['action']).toBe('receive');
      expect(JSON.stringify(operation['reply'])).toContain('SystemError');
    }
  });

  it('closes the schemas of clients and leaves those of the server open', () => {
    expect(at(asyncApi, 'components', 'schemas', 'BraneEdit')['additionalProperties']).toBe(false);
    expect(at(asyncApi, 'components', 'schemas', 'BraneAck')).not.toHaveProperty('additionalProperties');
  });
});

it('the page of errors has a line for every code', () => {
  for (const code of Object.keys(ERRORS)) expect(errorsPage()).toContain(`| \`${code}\` |`);
});
