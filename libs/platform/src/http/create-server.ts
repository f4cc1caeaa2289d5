import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { ServiceConfig } from '../config';
import { tlsOptions } from './tls/tls-options';
import type { TlsPair } from './tls/tls-pair';

/** Streams that one HTTP/2 connection may have open: more wait at the client. */
const STREAMS = 100;
/** Bytes of all header fields of a request, in either version. */
const HEADER_BYTES = 16 * 1_024;
/** How often connections are looked at that are late; Node looks every 30 s by default. */
const CHECK_MS = 1_000;

/** Plain HTTP/1.1, or with a certificate HTTP/2 and HTTP/1.1 on one port, as ALPN settles it. */
export type HttpServer = Server | Http2SecureServer;

/**
 * The server below Fastify, with the limits on slow clients: heads, whole requests, pauses and handshakes that take too
 * long end their connection. See Connections for HTTP/2.
 */
export function createServer(
  config: ServiceConfig,
  pair: TlsPair | undefined,
  handler: RequestListener,
): HttpServer {
  // Whoever waits for an answer that takes its time says nothing meanwhile.
  const idleMs =
    config.KEEP_ALIVE_MS === 0 ? 0 : Math.max(config.KEEP_ALIVE_MS, 2 * config.REQUEST_TIMEOUT_MS);
  const limits = {
    headersTimeout: config.HEADERS_TIMEOUT_MS,
    requestTimeout: config.RECEIVE_TIMEOUT_MS,
    keepAliveTimeout: config.KEEP_ALIVE_MS,
    connectionsCheckingInterval: Math.min(CHECK_MS, Math.max(1, Math.floor(config.HEADERS_TIMEOUT_MS / 4))),
    requireHostHeader: true,
  };
  if (!pair) {
    const server = createPlainServer({ ...limits, maxHeaderSize: HEADER_BYTES }, handler);
    server.timeout = idleMs;
    return server;
  }
  const server = createSecureServer({
    ...tlsOptions(pair),
    allowHTTP1: true,
    handshakeTimeout: config.HEADERS_TIMEOUT_MS,
    settings: { maxConcurrentStreams: STREAMS, maxHeaderListSize: HEADER_BYTES, enablePush: false },
  });
  // A request of HTTP/2 has what ours look at of one of HTTP/1.1 (node:http2, compatibility API).
  server.on('request', handler as unknown as Parameters<Http2SecureServer['on']>[1]);
  // What the server for HTTP/1.1 reads of itself: the constructor of this one takes none of it.
  return Object.assign(server, limits, { timeout: idleMs, maxHeaderSize: HEADER_BYTES });
}
