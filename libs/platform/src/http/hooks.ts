import {
  BODY_BYTES,
  encodeCbor,
  encodeJson,
  fail,
  HEADERS,
  MEDIA_TYPES,
  type WireFormat,
} from '@state-server/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { runInContext, runNow } from '../log/request-context';
import { continueTrace, formatTraceparent } from '../log/trace-context';
import type { Service } from '../service/service';
import { formOfType, negotiate } from './negotiate';
import { type KnownPaths, routeAt } from './route-table';
import { hasTls } from './tls/tls-pair';
import { contextOf } from './wire-request';

/** Every answer carries them; a page that needs other ones says so. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-permitted-cross-domain-policies': 'none',
  'cache-control': 'no-store',
} as const;
const STRICT_TRANSPORT = 'max-age=31536000; includeSubDomains';

/** What is true of every request, whichever door takes it. To be installed before any route. */
export function installHooks(server: FastifyInstance, service: Service, paths: KnownPaths): void {
  server.decorateRequest('wireFormat', 'json');
  server.decorateRequest('startedAt', 0);
  server.decorateRequest('routePattern', 'none');
  server.decorateRequest('isPlain', false);
  server.addHook('onRoute', (options) => {
    placeRoute(options, paths);
    // A timer and a signal for each request, also for one that is answered at once: those see to it themselves.
    if (options.config?.isPlain !== true) options.handlerTimeout = service.config.REQUEST_TIMEOUT_MS;
  });
  server.addHook('onRequest', (request, reply, done) => {
    try {
      begin(service, request, reply);
    } catch (error) {
      done(error as Error);
      return;
    }
    // Once any request ran in a context, Node follows every promise of the process: a probe is not worth that to a service
    // that answers nothing else over HTTP. Plain reads see to it themselves.
    if (request.isPlain || isProbe(request)) done();
    else runInContext(contextOf(request), done);
  });
  server.addHook('onSend', (request, reply, _payload, done) => {
    // Also for what came before: a connection that were kept would be waited for. HTTP/2 has GOAWAY for it.
    if (service.health.draining && request.raw.httpVersionMajor < 2) reply.header('connection', 'close');
    done();
  });
  installAccessLog(server, service);
}

/** The row of the route table decides how large a body may be. */
function placeRoute(options: RouteOptions, paths: KnownPaths): void {
  paths.add(options);
  const [method] = [options.method].flat();
  const route = routeAt(method ?? 'GET', options.url);
  if (!route) return;
  options.bodyLimit = route.bodyBytes ?? BODY_BYTES;
  options.config = { ...options.config, stateRoute: route };
}

/** Names, traces and frames the answer. Throws `request.not_acceptable`. */
export function begin(service: Service, request: FastifyRequest, reply: FastifyReply): void {
  const { headers } = request;
  // Fastify makes this anew each time that somebody asks.
  const { url, config } = request.routeOptions;
  request.routePattern = url ?? 'none';
  request.isPlain = config.isPlain === true;
  request.startedAt = service.environment.clock.monotonic();
  request.trace = continueTrace(single(headers['traceparent']), single(headers['tracestate']));
  reply.headers(SECURITY_HEADERS);
  // Over TLS alone (RFC 6797, 7.2): its own, or that of whoever stands in front.
  if (service.config.TLS_AT_EDGE || hasTls(service.config)) {
    reply.header('strict-transport-security', STRICT_TRANSPORT);
  }
  reply.header(HEADERS.requestId, request.id).header('traceparent', formatTraceparent(request.trace));

  const format = negotiate(headers.accept, formOfType(headers['content-type']));
  request.wireFormat = format ?? 'json';
  // Fastify's type knows of text alone; bytes are sent as they are.
  reply.serializer((payload: unknown) => encodeBody(request, reply, payload) as string);
  if (format === undefined && config.stateRoute?.response.schema !== undefined) {
    throw fail('request.not_acceptable');
  }
}

/** Text is sent as it is (a page); whatever else a door answers is encoded in the client's form. */
function encodeBody(request: FastifyRequest, reply: FastifyReply, payload: unknown): string | Buffer {
  if (typeof payload === 'string') return payload;
  reply.header('content-type', MEDIA_TYPES[request.wireFormat]).header('vary', 'accept');
  const known = request.isPlain && isFrozen(payload) ? encoded[request.wireFormat] : undefined;
  if (!known || !isFrozen(payload)) return encode(request.wireFormat, payload);
  const before = known.get(payload);
  if (before !== undefined) return before;
  const body = encode(request.wireFormat, payload);
  known.set(payload, body);
  return body;
}

/** What a plain read answers again is the same frozen object for as long as it does not change. */
const encoded: Readonly<Record<WireFormat, WeakMap<object, string | Buffer>>> = {
  json: new WeakMap(),
  cbor: new WeakMap(),
};

function isFrozen(payload: unknown): payload is object {
  return typeof payload === 'object' && payload !== null && Object.isFrozen(payload);
}

function encode(format: WireFormat, payload: unknown): string | Buffer {
  return format === 'cbor' ? Buffer.from(encodeCbor(payload)) : encodeJson(payload);
}

function installAccessLog(server: FastifyInstance, service: Service): void {
  const { log, metrics, environment } = service;
  const duration = metrics.histogram({
    name: 'http_request_duration_seconds',
    help: 'From the head of a request to the end of its answer.',
    labels: ['method', 'route', 'status'],
  });
  server.addHook('onResponse', (request, reply, done) => {
    const ms = environment.clock.monotonic() - request.startedAt;
    const route = request.routePattern;
    const status = reply.statusCode;
    duration.observe({ method: request.method, route, status: String(status) }, ms / 1_000);
    // Probes come all the time; what they find is told when it changes.
    const level = isProbe(request) ? 'trace' : status >= 500 ? 'warn' : 'info';
    runNow(contextOf(request), () => {
      log.log(level, 'http.request', {
        method: request.method,
        route,
        status,
        ms: Math.round(ms * 100) / 100,
        address: request.ip,
        ...userOf(request),
        bytes: Number(reply.getHeader('content-length') ?? 0),
      });
    });
    done();
  });
}

function isProbe(request: FastifyRequest): boolean {
  return request.routePattern.startsWith('/health/');
}

/** Put there by the guard of libs/identity. */
function userOf(request: FastifyRequest): { readonly user_id?: string } {
  const { identity } = request as { readonly identity?: { readonly user_id: string } };
  return identity ? { user_id: identity.user_id } : {};
}

function single(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
