import { encodeCbor, encodeJson, MEDIA_TYPES, type StateError, toEnvelope } from '@state-server/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../log/logger';
import { toHttpError } from './http-error';

/** Seconds after which a client may try again where nothing better is known. */
const RETRY_AFTER_SECONDS = 1;

/** Answers with the error's envelope, in the client's form; what nobody expected goes into the log with its stack. */
export function sendError(log: Logger, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = toHttpError(error);
  if (known.status >= 500) {
    const fields = { code: known.code, err: known.cause ?? known };
    if (known.code === 'internal') log.error('http.failed', fields);
    else log.warn('http.refused', fields);
  }
  if (reply.sent || reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  for (const name of ['etag', 'location', 'content-length', 'content-encoding']) reply.removeHeader(name);
  for (const [name, value] of Object.entries(headersOf(known))) reply.header(name, value);
  const cbor = request.wireFormat === 'cbor';
  const envelope = toEnvelope(known, request.id);
  const body = cbor ? Buffer.from(encodeCbor(envelope)) : encodeJson(envelope);
  reply
    .code(known.status)
    .header('content-type', cbor ? MEDIA_TYPES.cbor : MEDIA_TYPES.json)
    .send(body);
}

function headersOf(error: StateError): Record<string, string> {
  const headers: Record<string, string> = { 'cache-control': 'no-store' };
  const allowed = error.details?.['allowed'];
  if (error.status === 405 && Array.isArray(allowed)) headers['allow'] = allowed.join(', ');
  if (error.status === 401) {
    headers['www-authenticate'] = error.code === 'auth.required' ? 'Bearer' : 'Bearer error="invalid_token"';
  }
  if (error.status === 429 || error.status === 503) {
    const seconds = Math.ceil((error.retryAfterMs ?? RETRY_AFTER_SECONDS * 1_000) / 1_000);
    headers['retry-after'] = String(Math.max(1, seconds));
  }
  return headers;
}
