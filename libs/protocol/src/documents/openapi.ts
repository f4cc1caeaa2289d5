import { type ErrorCode, errorRow } from '../errors/error-table';
import { PROTOCOL_VERSION } from '../frames/encode-frame';
import { errorsOf } from '../rest/errors-of';
import { HEADERS, MEDIA_TYPES } from '../rest/headers';
import type { Route, Schema } from '../rest/route';
import { ROUTES } from '../rest/routes';
import { REST_COMPONENTS, SHARED_COMPONENTS, toComponents } from './components';
import { pascalCase } from './names';
import type { JsonSchema } from './wire-shapes';

const AREAS: Readonly<Record<Exclude<Route['area'], 'internal'>, string>> = {
  auth: 'Signing in, tokens, sessions.',
  users: 'Profiles, inventories, the end of an account.',
  brane: 'Branes, their log and their members.',
  company: 'Companies that own branes, their people and invitations.',
  object: 'Groups and blocks.',
  prototype: 'Templates with versions, and their instances.',
  entity: 'Whatever has an id.',
  analytics: 'What goes on where.',
  admin: 'What administrators do to users.',
  websocket: 'What is needed to open the WebSocket at /ws (see the AsyncAPI document).',
  health: 'Whether a service works.',
};

const DESCRIPTION = [
  'State of a shared, persistent 3D world.',
  'Bodies are CBOR (preferred) or JSON, by Content-Type and Accept; the schemas are the same for both.',
  'Ids are UUID v4 in lower case, times RFC 3339. Unknown fields in a request are refused.',
  'Lists answer {items, next_cursor}; pass next_cursor as `cursor` for the next page.',
  'Every error is an ErrorMessageResponse with a code from one table.',
].join('\n');

const PUBLIC_ROUTES: readonly Route[] = Object.values<Route>(ROUTES).filter(
  (route) => route.area !== 'internal',
);

/** OpenAPI 3.1 of all routes but the internal ones. */
export function openApiDocument(): JsonSchema {
  const inline = PUBLIC_ROUTES.flatMap(bodiesOf);
  const named = { ...SHARED_COMPONENTS, ...REST_COMPONENTS };
  const known = new Set(Object.values(named).map(([schema]) => schema));
  const own = Object.fromEntries(
    inline.filter(([, schema]) => !known.has(schema)).map(([name, schema]) => [name, [schema] as const]),
  );
  const nameOf = new Map<Schema, string>();
  for (const [name, [schema]] of Object.entries({ ...own, ...named })) nameOf.set(schema, name);
  return {
    openapi: '3.1.0',
    info: { title: 'State server', version: `${PROTOCOL_VERSION}.0.0`, description: DESCRIPTION },
    servers: [{ url: '/', description: 'The one origin.' }],
    tags: Object.entries(AREAS).map(([name, description]) => ({ name, description })),
    paths: paths(nameOf),
    components: {
      schemas: toComponents({ ...named, ...own }),
      headers: HEADER_COMPONENTS,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'An access token (EdDSA).',
        },
      },
    },
  };
}

function bodiesOf(route: Route): (readonly [string, Schema])[] {
  const base = pascalCase(route.id);
  const bodies: (readonly [string, Schema])[] = [];
  if (route.request !== undefined) bodies.push([`${base}Request`, route.request]);
  if (route.response.schema !== undefined) bodies.push([`${base}Response`, route.response.schema]);
  if (route.accepted !== undefined) bodies.push([`${base}Accepted`, route.accepted]);
  return bodies;
}

function paths(nameOf: ReadonlyMap<Schema, string>): JsonSchema {
  const byPath: Record<string, Record<string, JsonSchema>> = {};
  for (const route of PUBLIC_ROUTES) {
    (byPath[route.path] ??= {})[route.method.toLowerCase()] = operation(route, nameOf);
  }
  return byPath;
}

function operation(route: Route, nameOf: ReadonlyMap<Schema, string>): JsonSchema {
  const parameters = [
    ...parametersOf(route.params, 'path'),
    ...parametersOf(route.query, 'query'),
    ...headerParameters(route),
  ];
  return {
    operationId: route.id,
    tags: [route.area],
    summary: route.summary,
    security: route.auth === 'bearer' ? [{ bearer: [] }] : [],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.request === undefined
      ? {}
      : { requestBody: { required: true, content: content(route.request, nameOf) } }),
    responses: { ...success(route, nameOf), ...failures(route) },
  };
}

function content(schema: Schema, nameOf: ReadonlyMap<Schema, string>): JsonSchema {
  const $ref = `#/components/schemas/${nameOf.get(schema) ?? ''}`;
  return { [MEDIA_TYPES.cbor]: { schema: { $ref } }, [MEDIA_TYPES.json]: { schema: { $ref } } };
}

/** The fields of a strict map of parameters, each as a parameter. */
function parametersOf(schema: Schema | undefined, place: 'path' | 'query'): JsonSchema[] {
  if (schema === undefined) return [];
  const { parameters } = toComponents({ parameters: [schema] });
  const fields = (parameters?.['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  const required = (parameters?.['required'] ?? []) as readonly string[];
  return Object.entries(fields).map(([name, { description, ...shape }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: shape,
  }));
}

function headerParameters(route: Route): JsonSchema[] {
  const parameters: JsonSchema[] = [];
  if (route.idempotency !== 'none') {
    parameters.push({
      name: HEADERS.idempotencyKey,
      in: 'header',
      required: route.idempotency === 'required',
      description: 'The same key with the same request gets the stored answer and has no second effect.',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    });
  }
  if (route.etag === 'honoured') {
    parameters.push({
      name: 'if-match',
      in: 'header',
      required: false,
      description: 'An ETag: only if the resource is still at that version.',
      schema: { type: 'string' },
    });
  }
  return parameters;
}

const header = (description: string): JsonSchema => ({ description, schema: { type: 'string' } });
const headerRef = (name: string): JsonSchema => ({ $ref: `#/components/headers/${name}` });

const HEADER_COMPONENTS: JsonSchema = {
  ETag: header('The version.'),
  Location: header('Address of what was made.'),
  StateSeq: header(`Where the brane's log stood, as epoch:seq; send it back to read nothing older.`),
  IdempotencyReplayed: header('true when this is the stored answer of an earlier request.'),
  RetryAfter: header('Seconds to wait.'),
  RateLimit: header('What is left of the rate limit.'),
};

function success(route: Route, nameOf: ReadonlyMap<Schema, string>): JsonSchema {
  const { status, schema } = route.response;
  const headers: Record<string, JsonSchema> = {};
  if (route.etag !== undefined && status !== 204) headers['ETag'] = headerRef('ETag');
  if (status === 201) headers['Location'] = headerRef('Location');
  if (route.area === 'brane' || route.area === 'object' || route.id === 'prototype.instantiate')
    headers['State-Seq'] = headerRef('StateSeq');
  if (route.idempotency !== 'none') headers['Idempotency-Replayed'] = headerRef('IdempotencyReplayed');
  if (route.auth === 'bearer') headers['RateLimit'] = headerRef('RateLimit');
  return {
    [status]: {
      description: status === 204 ? 'Done.' : status === 201 ? 'Made.' : 'The answer.',
      ...(Object.keys(headers).length === 0 ? {} : { headers }),
      ...(schema === undefined ? {} : { content: content(schema, nameOf) }),
    },
    ...(route.accepted === undefined
      ? {}
      : {
          202: {
            description: 'An operation was begun.',
            headers: { ...headers, Location: headerRef('Location') },
            content: content(route.accepted, nameOf),
          },
        }),
  };
}

/** One response for each status that the route's errors have, with the codes behind it. */
function failures(route: Route): JsonSchema {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(route)) {
    const { status } = errorRow(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const $ref = '#/components/schemas/ErrorMessageResponse';
  const body = { [MEDIA_TYPES.cbor]: { schema: { $ref } }, [MEDIA_TYPES.json]: { schema: { $ref } } };
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\``).join(', '),
        ...(status === 429 || status === 503 ? { headers: { 'Retry-After': headerRef('RetryAfter') } } : {}),
        content: body,
      },
    ]),
  );
}
