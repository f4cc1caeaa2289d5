import {
  type ParamsOf,
  type QueryOf,
  ROUTES,
  type RequestOf,
  type Route,
  type RouteId,
  parseWith,
} from '@state-server/protocol';

/** What a door reads of an HTTP request, its body decoded; Fastify's fits. */
export interface RestRequest {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface RouteInput<Id extends RouteId> {
  readonly params: ParamsOf<Id>;
  readonly query: QueryOf<Id>;
  readonly body: RequestOf<Id>;
}

/** A request in the form that its route demands. Throws `query.invalid`, `body.invalid`, or a more precise code. */
export function readRequest<Id extends RouteId>(id: Id, request: RestRequest): RouteInput<Id> {
  const route: Route = ROUTES[id];
  const input = {
    params: route.params && parseWith(route.params, request.params, 'query.invalid'),
    query: route.query && parseWith(route.query, request.query ?? {}, 'query.invalid'),
    body: route.request && parseWith(route.request, request.body ?? {}, 'body.invalid'),
  };
  // The table's schemas are what these types are inferred from.
  return input as RouteInput<Id>;
}

/** One value of a header; of several lines the first. */
export function headerOf(request: RestRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

/** The path without the query. */
export function pathOf(request: RestRequest): string {
  return request.url.split('?', 1)[0] ?? request.url;
}
