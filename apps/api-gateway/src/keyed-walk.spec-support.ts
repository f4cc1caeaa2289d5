import { encodeJson, openApiDocument, parseWith, type Route } from '@state-server/protocol';
import { type Answer, type Ask, type Caller, codeOf } from './gateway.spec-support';

const AREAS = ['/object', '/prototype', '/users'];
const MUTATING = ['post', 'put', 'patch', 'delete'];
/** What a client may go by when it has its answer a second time. */
const HEADERS = ['location', 'etag', 'state-seq', 'content-type'];

interface DocumentedOperation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly required: boolean }[];
}

/** As the OpenAPI document has them: every route of these areas that changes something, by its id. */
export function keyedOperations(): readonly DocumentedOperation[] {
  const { paths } = JSON.parse(JSON.stringify(openApiDocument())) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  };
  return Object.entries(paths)
    .filter(([path]) => AREAS.some((area) => path === area || path.startsWith(`${area}/`)))
    .flatMap(([, methods]) => Object.entries(methods))
    .filter(([method]) => MUTATING.includes(method))
    .map(([, operation]) => operation);
}

export interface KeyedRequest {
  readonly route: Route;
  readonly path: string;
  readonly body: unknown;
  /** The same route with something else: another payload, or, where there is none, another path. */
  readonly other: { readonly path: string; readonly body: unknown };
  readonly headers?: Readonly<Record<string, string>>;
  readonly as: Caller;
}

/** The same with another name, where the route takes one. */
export function anotherPayload(
  { request }: Route,
  { path, body }: KeyedRequest['other'],
): KeyedRequest['other'] | undefined {
  const named = { ...(body as object | undefined), name: 'another' };
  try {
    if (request) parseWith(request, named, 'body.invalid');
    return request && { path, body: named };
  } catch {
    return undefined;
  }
}

export interface Walked {
  readonly first: Answer;
  /** The same request again. */
  readonly again: () => Promise<Answer>;
}

/** Sends a request with one key as often as a client might, and expects one effect and one answer (REST-ONCE). */
export async function walkKeyed({ route, path, body, other, as, headers }: KeyedRequest): Promise<Walked> {
  const ask = (ask: Ask, to = path, payload = body): Promise<Answer> =>
    as.ask(route.method, to, {
      ...ask,
      ...(headers && { headers }),
      ...(payload === undefined ? {} : { body: payload }),
    });
  const without = await ask({});
  expect([without.status, codeOf(without)]).toEqual([400, 'idempotency.key_required']);
  const key = crypto.randomUUID();
  const first = await ask({ key });
  if (first.status >= 400) return { first, again: () => ask({ key }) };
  expect(isReplayed(first)).toBe(false);
  const again = await ask({ key });
  expect([isReplayed(again), told(again)]).toEqual([true, told(first)]);
  expect(HEADERS.map((name) => again.headers.get(name))).toEqual(
    HEADERS.map((name) => first.headers.get(name)),
  );
  const inCbor = await ask({ key, as: 'cbor' });
  expect([isReplayed(inCbor), told(inCbor)]).toEqual([true, told(first)]);
  const reused = await ask({ key }, other.path, other.body);
  expect([reused.status, codeOf(reused)]).toEqual([422, 'idempotency.key_reused']);
  return { first, again: () => ask({ key }) };
}

const isReplayed = ({ headers }: Answer): boolean => headers.get('idempotency-replayed') === 'true';

/** Status and body, whichever form they came in. */
function told({ status, body }: Answer): unknown {
  return [status, body === undefined ? undefined : JSON.parse(encodeJson(withoutSecret(body)))];
}

/** The key of a service account (SVC-2) and the token of a link (GUEST-1) are in the first answer alone. */
export function withoutSecret(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const { key, token: _token, ...rest } = body as Readonly<Record<string, unknown>>;
  return typeof key === 'string' && key.startsWith('ssk_')
    ? rest
    : { ...rest, ...(key !== undefined && { key }) };
}
