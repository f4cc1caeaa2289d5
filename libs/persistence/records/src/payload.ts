import { Encoder } from 'cbor-x';
import { STORE_LIMITS, StoreError } from '@state-server/persistence-port';

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

/** Throws `too_large` above the limit that all drivers share. */
export function encodePayload(collection: string, document: unknown): Uint8Array {
  const payload = cbor.encode(document);
  if (payload.byteLength > STORE_LIMITS.documentBytes) {
    throw new StoreError(
      'too_large',
      `a document of ${collection} has ${payload.byteLength} bytes; at most ${STORE_LIMITS.documentBytes} are possible`,
    );
  }
  return payload;
}

export function decodePayload(payload: Uint8Array): Readonly<Record<string, unknown>> {
  // A Buffer's slices are Buffers: the decoder gets the plain view, so that byte fields are plain too.
  return cbor.decode(new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength)) as Readonly<
    Record<string, unknown>
  >;
}
