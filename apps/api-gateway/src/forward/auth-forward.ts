import replyFrom from '@fastify/reply-from';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { INTERNAL_HEADER, outgoingHeaders } from '@state-server/platform';
import { type StateError, fail } from '@state-server/protocol';

export interface AuthForwardOptions {
  /** `http://host:port` of the auth service. */
  readonly url: string;
  /** Proves to the auth service that the call is ours; undefined: nothing proves it. */
  readonly internalToken?: () => string | undefined;
  /** Milliseconds for the TCP connection; default 2,000. */
  readonly connectMs?: number;
  /** Milliseconds until the head of the answer, and between two pieces of its body; default 10,000. */
  readonly answerMs?: number;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Of one hop (RFC 9110, 7.6.1), or said anew by this one. */
const DROPPED: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'traceparent',
  'tracestate',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
  INTERNAL_HEADER,
  'forwarded',
]);

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/**
 * Forwards /auth and everything below it to the auth service: bodies stream both ways as they are, the client's address
 * goes along, and a service that is away or silent is an error of this server's own table.
 */
export async function registerAuthForward(
  server: FastifyInstance,
  options: AuthForwardOptions,
): Promise<void> {
  const { url, connectMs = 2_000, answerMs = 10_000 } = options;
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    await scope.register(replyFrom, {
      base: url,
      disableRequestLogging: true,
      destroyAgent: true,
      undici: { connect: { timeout: connectMs }, headersTimeout: answerMs, bodyTimeout: answerMs },
    });
    const forward = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
      reply.from(pathOf(request), {
        retryDelay: () => null,
        rewriteRequestHeaders: (_raw, headers) => ({
          ...forwardedHeaders(request, headers),
          ...internalHeaders(options.internalToken?.()),
        }),
        onError: (failed, { error }) => void failed.send(toStateError(error)),
      });
    for (const path of ['/auth', '/auth/*']) {
      scope.route({ method: [...METHODS], url: path, handler: forward });
    }
  });
}

/** Throws `request.not_found` for a path that could leave /auth on its way. */
function pathOf(request: FastifyRequest): string {
  const path = request.url.split('?', 1)[0] ?? '';
  if (
    path.includes('%') ||
    path.includes('\\') ||
    path.split('/').some((part) => part === '.' || part === '..')
  ) {
    throw fail('request.not_found', { path });
  }
  return path;
}

function internalHeaders(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { [INTERNAL_HEADER]: token };
}

function forwardedHeaders(request: FastifyRequest, headers: Headers): Record<string, string | string[]> {
  const forwarded: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    // Names with a colon are HTTP/2's own (RFC 9113, 8.3): what they say is said by the head of this hop.
    if (value !== undefined && !DROPPED.has(name) && !name.startsWith(':')) forwarded[name] = value;
  }
  // Fastify has resolved the address as far as trusted proxies tell; what a client claims is dropped.
  forwarded['x-forwarded-for'] = request.ip;
  forwarded['x-forwarded-proto'] = request.protocol;
  const host = request.headers.host ?? request.headers[':authority'];
  if (host !== undefined) forwarded['x-forwarded-host'] = host;
  return { ...forwarded, ...outgoingHeaders(), 'x-request-id': request.id };
}

function toStateError(error: Error): StateError {
  const status: unknown = 'statusCode' in error ? error.statusCode : undefined;
  const connecting = 'code' in error && error.code === 'UND_ERR_CONNECT_TIMEOUT';
  const code = status === 504 && !connecting ? 'request.deadline' : 'upstream.unavailable';
  return fail(code, undefined, undefined, { cause: error });
}
