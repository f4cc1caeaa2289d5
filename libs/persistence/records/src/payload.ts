import { Encoder } from 'cbor-x';
import { STORE_LIMITS, StoreError } from '@state-server/persistence-port';
import { payloadIn, VALUE_HEAD_BYTES, VALUE_TAIL_BYTES } from './envelope';
import { PayloadWriter } from './payload-writer';

/**
 * Documents as CBOR, each readable by itself (no shared record structures). Typed arrays and byte strings come back as
 * arrays of their own, never as views of the store's memory; bigint stays bigint.
 */
const cbor = new Encoder({
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  copyBuffers: true,
  tagUint8Array: false,
});

const writer = new PayloadWriter();

/**
 * A document as it is to be stored, with room for its envelope (see `sealInPlace`). Throws `too_large` above the limit that
 * all drivers share.
 */
export function encodeDraft(collection: string, document: unknown): Buffer {
  const draft = writer.encode(document) ?? copyWithRoom(cbor.encode(document));
  const bytes = draft.byteLength - VALUE_HEAD_BYTES - VALUE_TAIL_BYTES;
  if (bytes > STORE_LIMITS.documentBytes) {
    throw new StoreError(
      'too_large',
      `a document of ${collection} has ${bytes} bytes; at most ${STORE_LIMITS.documentBytes} are possible`,
    );
  }
  return draft;
}

export function decodeDraft(draft: Buffer): Readonly<Record<string, unknown>> {
  return decodePayload(payloadIn(draft));
}

function copyWithRoom(payload: Uint8Array): Buffer {
  const draft = Buffer.allocUnsafe(VALUE_HEAD_BYTES + payload.byteLength + VALUE_TAIL_BYTES);
  draft.set(payload, VALUE_HEAD_BYTES);
  return draft;
}

export function decodePayload(payload: Uint8Array): Readonly<Record<string, unknown>> {
  // A Buffer's slices are Buffers: the decoder gets the plain view, so that byte fields are plain too.
  return cbor.decode(new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength)) as Readonly<
    Record<string, unknown>
  >;
}
