import type { IncomingMessage } from 'node:http';
import { INTERNAL_HEADER } from '@state-server/platform';

/** Never forwarded (RFC 9110, 7.6.1), or said anew by this hop. */
const DROPPED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
  INTERNAL_HEADER,
  'forwarded',
]);

export interface HopFields {
  /** Address of the client, as far as trusted proxies tell. */
  readonly client: string;
  readonly proto: 'http' | 'https';
  readonly requestId: string;
  /** Proves to the gateway that the call is ours. */
  readonly internalToken?: string | undefined;
}

/**
 * The head of an upgrade request as it goes to a sync-gateway: the client's own fields in their order and spelling,
 * without those that belong to one hop, and with the client's address.
 */
export function upgradeHead(
  request: Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders'>,
  hop: HopFields,
): string {
  const named = new Set(
    (request.headers.connection ?? '').split(',').map((token) => token.trim().toLowerCase()),
  );
  const lines = [`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/1.1`];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? '';
    const lower = name.toLowerCase();
    if (DROPPED.has(lower) || named.has(lower)) continue;
    lines.push(`${name}: ${request.rawHeaders[index + 1] ?? ''}`);
  }
  lines.push(
    'Connection: Upgrade',
    'Upgrade: websocket',
    `X-Forwarded-For: ${hop.client}`,
    `X-Forwarded-Proto: ${hop.proto}`,
    `X-Request-Id: ${hop.requestId}`,
  );
  if (hop.internalToken !== undefined) lines.push(`${INTERNAL_HEADER}: ${hop.internalToken}`);
  if (request.headers.host !== undefined) lines.push(`X-Forwarded-Host: ${request.headers.host}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** True when the request carries a body, which an upgrade may not: what follows the head is the WebSocket's. */
export function hasBody(request: Pick<IncomingMessage, 'headers'>): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
