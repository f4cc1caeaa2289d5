import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { BODY_BYTES, fail, HEADERS } from '@state-server/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Service } from '../service/service';
import { runNow } from '../log/request-context';
import { createServer } from './create-server';
import { begin, installHooks } from './hooks';
import { readBodies } from './read-body';
import { KnownPaths } from './route-table';
import { sendError } from './send-error';
import type { TlsPair } from './tls/tls-pair';
import { contextOf } from './wire-request';

/** A caller's own id is kept when it can do no harm in a log. */
const REQUEST_ID = /^[\w.:-]{1,128}$/;
/** Longest path parameter, characters. */
const MAX_PARAM_CHARS = 1_100;

/**
 * Fastify as every service of ours has it. Nest's own handlers for errors and unknown routes are left out: they would
 * forget Fastify's error codes.
 */
export class HttpAdapter extends FastifyAdapter {
  constructor(service: Service, pair: TlsPair | undefined) {
    super({
      ...serverOptions(service, pair),
      frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
        refuseUrl(service, error, request, reply);
      },
    });
    const instance = this.getInstance<FastifyInstance>();
    const paths = new KnownPaths();
    installHooks(instance, service, paths);
    readBodies(instance);
    instance.setErrorHandler((error, request, reply) =>
      runNow(contextOf(request), () => sendError(service.log, error, request, reply)),
    );
    instance.setNotFoundHandler((request, reply) => {
      sendError(service.log, noSuchRoute(paths, request), request, reply);
    });
  }

  override setErrorHandler(): FastifyInstance {
    return this.getInstance<FastifyInstance>();
  }

  override setNotFoundHandler(): FastifyInstance {
    return this.getInstance<FastifyInstance>();
  }
}

function serverOptions({ config }: Service, pair: TlsPair | undefined) {
  const { TRUSTED_PROXIES: proxies } = config;
  return {
    logger: false,
    bodyLimit: BODY_BYTES,
    // What Fastify asks of a server both kinds have.
    serverFactory: (handler: RequestListener) => createServer(config, pair, handler) as Server,
    trustProxy: proxies.length === 0 ? false : [...proxies],
    requestIdHeader: false,
    genReqId: requestId,
    forceCloseConnections: false,
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_CHARS },
  } as const;
}

/** The router refuses a URL before any hook runs. */
function refuseUrl(service: Service, error: Error, request: FastifyRequest, reply: FastifyReply): void {
  try {
    begin(service, request, reply);
  } catch (refused) {
    service.log.debug('http.refused_twice', { err: refused });
  }
  sendError(service.log, error, request, reply);
}

function requestId(request: IncomingMessage): string {
  const given = request.headers[HEADERS.requestId];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

function noSuchRoute(paths: KnownPaths, request: FastifyRequest): Error {
  const allowed = paths.methodsAt(request.url.split('?', 1)[0] ?? '');
  // A route that knows the method and has nothing there (a file that is not served) says so by itself.
  if (allowed.length === 0 || allowed.includes(request.method)) return fail('request.not_found');
  return fail('request.method_not_allowed', { allowed });
}
