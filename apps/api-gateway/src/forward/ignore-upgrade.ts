import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** What asks for the upgrade, and what goes with it alone. */
const DROPPED: ReadonlySet<string> = new Set(['connection', 'upgrade', 'http2-settings']);

/** True for an upgrade that is no WebSocket's: h2c, which some HTTP clients offer with every first request. */
export function isOtherUpgrade(request: Pick<IncomingMessage, 'headers'>): boolean {
  return request.headers.upgrade?.toLowerCase() !== 'websocket';
}

/**
 * Answers such a request as if it had not asked (RFC 9110, 7.8: a server may ignore an offer). Node hands every upgrade to
 * the listener for all of them, so the request is read once more, without the offer.
 */
export function ignoreUpgrade(server: Server, request: IncomingMessage, socket: Duplex, rest: Buffer): void {
  const lines = [`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/1.1`];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? '';
    if (!DROPPED.has(name.toLowerCase())) lines.push(`${name}: ${request.rawHeaders[index + 1] ?? ''}`);
  }
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  socket.unshift(rest.length === 0 ? head : Buffer.concat([head, rest]));
  // A server with TLS takes what comes as encrypted; this is what came out of it.
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket);
}
