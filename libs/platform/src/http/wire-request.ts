import type { Route, WireFormat } from '@state-server/protocol';
import type { FastifyRequest } from 'fastify';
import type { RestRequest } from '../rest/read-request';
import type { RequestContext } from '../log/request-context';
import type { TraceContext } from '../log/trace-context';

declare module 'fastify' {
  interface FastifyRequest {
    /** In which form this request is answered. */
    wireFormat: WireFormat;
    trace: TraceContext;
    /** Ms of the monotonic clock. */
    startedAt: number;
    /** Pattern of the route that it came to; `none` where there is none. */
    routePattern: string;
    /** See `registerPlainReads`. */
    isPlain: boolean;
  }
  interface FastifyContextConfig {
    /** The row of the route table that stands here. */
    stateRoute?: Route;
    /** See `registerPlainReads`. */
    isPlain?: boolean;
  }
}

/** In which form the request is to be answered: for doors that write their answer piece by piece. */
export function formatOf(request: RestRequest): WireFormat {
  return 'wireFormat' in request && request.wireFormat === 'cbor' ? 'cbor' : 'json';
}

/** The row of the route table that a request was routed to; undefined for pages and the like. */
export function routeOf(request: RestRequest | FastifyRequest): Route | undefined {
  return 'routeOptions' in request ? request.routeOptions.config.stateRoute : undefined;
}

/** IP address of the client, as far as the trusted proxies tell. */
export function addressOf(request: RestRequest): string {
  return 'ip' in request && typeof request.ip === 'string' ? request.ip : 'unknown';
}

/** What the log lines of a request carry. */
export function contextOf({ id, trace }: Pick<FastifyRequest, 'id' | 'trace'>): RequestContext {
  return { request_id: id, trace };
}
