import { openApiDocument, type Route } from '@state-server/protocol';
import { type Answer, type Ask, codeOf } from '../gateway.spec-support';
import { RECIPES } from './recipes.spec-support';
import type { Place } from './world.spec-support';

/** How the request to a route is made, where the defaults below do not do. */
export interface Recipe {
  /** Of the parameters in the path; by default `{id}` is what the area is named after, any other what it is named after. */
  readonly path?: (place: Place) => Readonly<Record<string, string>>;
  readonly query?: (place: Place) => string;
  /** By default the required fields of the schema. */
  readonly body?: (place: Place) => unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Once it has succeeded, the next who asks would find something else: he gets a new place. */
  readonly spends?: true;
}

type Schema = Readonly<Record<string, unknown>>;

interface Documented {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

const document = JSON.parse(JSON.stringify(openApiDocument())) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

const BODIES = new Map(
  Object.values(document.paths)
    .flatMap((methods) => Object.values(methods))
    .map(({ operationId, requestBody }) => [operationId, requestBody?.content['application/json']?.schema]),
);

const AREA_IDS: Readonly<Record<string, keyof Place>> = {
  brane: 'brane',
  object: 'object',
  entity: 'object',
  prototype: 'prototype',
  users: 'user',
  company: 'company',
  admin: 'member',
};

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly ask: Ask;
}

/** A good request to the route, about what is in the place. */
export function requestTo(route: Route, place: Place): Request {
  const recipe = RECIPES[route.id] ?? {};
  const params = { ...defaultParams(route, place), ...recipe.path?.(place) };
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? crypto.randomUUID());
  const schema = BODIES.get(route.id);
  const body = recipe.body ? recipe.body(place) : schema && sample(schema, place, '');
  return {
    method: route.method,
    path: `${path}${recipe.query?.(place) ?? ''}`,
    ask: {
      ...(body === undefined ? {} : { body }),
      ...(route.idempotency === 'required' ? { key: crypto.randomUUID() } : {}),
      ...(recipe.headers && { headers: recipe.headers }),
    },
  };
}

function defaultParams(route: Route, place: Place): Readonly<Record<string, string>> {
  const own = AREA_IDS[route.area];
  return {
    ...(own && { id: place[own] }),
    user_id: place.member,
    prototype_id: place.offer,
    operation_id: place.operation,
    version: '1',
    action: 'open',
    link_id: place.link,
    account_id: place.service,
    key_id: place.key,
    kind: 'mute',
  };
}

/** The least that the schema takes; ids are those of the place, by the name of their field. */
function sample(schema: Schema, place: Place, name: string): unknown {
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    return sample(document.components.schemas[reference.split('/').at(-1) ?? ''] ?? {}, place, name);
  }
  const [form] = ((schema['anyOf'] ?? schema['oneOf']) as readonly Schema[] | undefined) ?? [];
  if (form) return sample(form, place, name);
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum'])) return (schema['enum'] as unknown[])[0];
  switch (schema['type']) {
    case 'string':
      return textOf(schema, place, name);
    case 'integer':
    case 'number':
      return typeof schema['minimum'] === 'number' ? schema['minimum'] : 1;
    case 'boolean':
      return true;
    case 'array':
      return Array.from({ length: Number(schema['minItems'] ?? 0) }, () =>
        sample((schema['items'] ?? {}) as Schema, place, name),
      );
    default: {
      const fields = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>;
      const required = (schema['required'] ?? []) as readonly string[];
      return Object.fromEntries(required.map((key) => [key, sample(fields[key] ?? {}, place, key)]));
    }
  }
}

function textOf(schema: Schema, place: Place, name: string): string {
  const ids: Readonly<Record<string, string>> = {
    brane_id: place.brane,
    parent_id: place.brane,
    prototype_id: place.offer,
    user_id: place.member,
    ids: place.object,
  };
  const isId =
    schema['format'] === 'uuid' || JSON.stringify(schema['pattern'] ?? '').includes('4[0-9a-f]{3}');
  if (isId) return ids[name] ?? crypto.randomUUID();
  return 'x'.repeat(Math.max(1, Number(schema['minLength'] ?? 1)));
}

/** What an answer says, without the ids in it. */
export function toldBy(answer: Answer): string {
  const body = answer.status < 300 ? '' : JSON.stringify(answer.body);
  return `${answer.status} ${String(codeOf(answer))} ${body.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27,}/g, 'id')}`;
}
