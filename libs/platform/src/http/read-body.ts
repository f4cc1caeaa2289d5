import { decodeCbor, decodeJson, fail } from '@state-server/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { formOfType } from './negotiate';
import { routeOf } from './wire-request';

/** JSON text is UTF-8 and nothing else (RFC 8259, 8.1); a byte order mark is not part of it. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Bodies are CBOR or JSON and pass the guard of libs/protocol; the length is capped before. Where a signature covers the
 * bytes (`auth: 'signature'`), the body stays what it was: a Uint8Array.
 */
export function readBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  const parse = (decode: (bytes: Buffer) => unknown) => (request: FastifyRequest, bytes: Buffer) => {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      throw fail(
        'body.unsupported_type',
        { content_encoding: encoding },
        'Send the body without Content-Encoding.',
      );
    }
    if (formOfType(request.headers['content-type']) === undefined) throw fail('body.unsupported_type');
    if (routeOf(request)?.auth === 'signature') return bytes;
    // A media type without a body says nothing: whether one is needed is the route's to tell.
    return bytes.length === 0 ? undefined : decode(bytes);
  };
  const cbor = parse((bytes) => decodeCbor(bytes));
  const json = parse((bytes) => decodeJson(textOf(bytes)));
  server.addContentTypeParser(
    'application/cbor',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => cbor(request, bytes),
  );
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => json(request, bytes),
  );
}

function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw fail('body.malformed', { reason: 'bad_text' }, 'The body is not UTF-8.', { cause: error });
  }
}
