import { decodeCbor, decodeJson, fail, MEDIA_TYPES } from '@state-server/protocol';
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
  const parse = async (request: FastifyRequest, bytes: Buffer): Promise<unknown> => {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      const message = 'Send the body without Content-Encoding.';
      throw fail('body.unsupported_type', { content_encoding: encoding }, message);
    }
    const type = request.headers['content-type'];
    if (formOfType(type) === undefined) throw fail('body.unsupported_type');
    if (routeOf(request)?.auth === 'signature') return bytes;
    // A media type without a body says nothing: whether one is needed is the route's to tell.
    if (bytes.length === 0) return undefined;
    const body = decodeBody(type, bytes);
    // To Fastify null is no body; to whoever sent it it is one, and no route takes it.
    if (body === null) throw fail('body.invalid', undefined, 'The body is null: send fields, or nothing.');
    return body;
  };
  for (const type of Object.values(MEDIA_TYPES)) {
    server.addContentTypeParser(type, { parseAs: 'buffer' }, parse);
  }
}

/** The value of a body of this Content-Type. Throws `body.unsupported_type`, `body.malformed`, or DecodeError. */
export function decodeBody(contentType: string | undefined, bytes: Uint8Array): unknown {
  switch (formOfType(contentType)) {
    case 'cbor':
      return decodeCbor(bytes);
    case 'json':
      return decodeJson(textOf(bytes));
    case undefined:
      throw fail('body.unsupported_type');
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw fail('body.malformed', { reason: 'bad_text' }, 'The body is not UTF-8.', { cause: error });
  }
}
