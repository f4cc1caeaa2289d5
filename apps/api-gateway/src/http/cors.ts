import type { FastifyInstance } from 'fastify';

const ALLOWED_HEADERS = [
  'authorization',
  'content-type',
  'accept',
  'idempotency-key',
  'if-match',
  'state-seq',
  'traceparent',
  'tracestate',
  'x-request-id',
].join(', ');

const EXPOSED_HEADERS = [
  'etag',
  'location',
  'idempotency-replayed',
  'state-seq',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'x-request-id',
].join(', ');

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
/** Seconds for which a browser may remember what it was told. */
const MAX_AGE_SECONDS = '600';

/**
 * Lets pages from the allowed origins call (https://fetch.spec.whatwg.org/#http-cors-protocol). Tokens travel in headers
 * that a page sets itself, so no credentials are allowed. For any other origin nothing is said, and the browser refuses.
 */
export function allowOrigins(server: FastifyInstance, origins: readonly string[]): void {
  const allowed = new Set(origins);
  server.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    if (origin === undefined || !allowed.has(origin)) {
      done();
      return;
    }
    reply.header('access-control-allow-origin', origin);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      reply.header('access-control-expose-headers', EXPOSED_HEADERS);
      done();
      return;
    }
    reply
      .code(204)
      .header('access-control-allow-methods', METHODS)
      .header('access-control-allow-headers', ALLOWED_HEADERS)
      .header('access-control-max-age', MAX_AGE_SECONDS)
      .send();
  });
  server.addHook('onSend', (_request, reply, _payload, done) => {
    const vary = reply.getHeader('vary');
    reply.header('vary', vary === undefined ? 'origin' : `${String(vary)}, origin`);
    done();
  });
}
