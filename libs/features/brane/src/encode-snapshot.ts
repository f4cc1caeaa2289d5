import type { Snapshot } from '@state-server/commit';
import type { Environment } from '@state-server/domain';
import { encodeCbor, encodeJson } from '@state-server/protocol';
import { parentsFirst } from './parents-first';

export type Encoding = 'cbor' | 'json';

/** Bytes of one piece, about. */
const PIECE_BYTES = 64 * 1_024;
/** Milliseconds of encoding between two breaths of the event loop. */
const SLICE_MS = 8;

/**
 * The `SnapshotResponse` of a brane, encoded piece by piece: a brane of 100,000 objects neither blocks the event loop
 * nor stands in memory twice. A slow reader slows it down (an async iterator is pulled).
 */
export async function* encodeSnapshot(
  snapshot: Snapshot,
  encoding: Encoding,
  environment: Pick<Environment, 'clock' | 'timers'>,
): AsyncGenerator<Uint8Array> {
  const form = encoding === 'cbor' ? CBOR : JSON_TEXT;
  const { epoch, seq } = snapshot.head;
  const head = { brane_id: snapshot.meta.id, epoch, seq, meta: snapshot.meta };
  let pieces: Uint8Array[] = [form.begin(head, snapshot.objects.length)];
  let bytes = 0;
  let first = true;
  let since = environment.clock.monotonic();
  for (const object of parentsFirst(snapshot.objects)) {
    if (object) {
      const item = form.item(object, first);
      first = false;
      pieces.push(item);
      bytes += item.byteLength;
    }
    if (bytes >= PIECE_BYTES) {
      yield join(pieces);
      pieces = [];
      bytes = 0;
    }
    if (environment.clock.monotonic() - since < SLICE_MS) continue;
    await new Promise<void>((resolve) => void environment.timers.set(0, resolve));
    since = environment.clock.monotonic();
  }
  pieces.push(form.end);
  yield join(pieces);
}

interface Form {
  begin(head: Readonly<Record<string, unknown>>, objects: number): Uint8Array;
  item(object: unknown, first: boolean): Uint8Array;
  readonly end: Uint8Array;
}

const CBOR: Form = {
  begin: (head, objects) => {
    const fields = Object.entries(head).flatMap(([name, value]) => [encodeCbor(name), encodeCbor(value)]);
    return join([
      lengthHead(5, fields.length / 2 + 1),
      ...fields,
      encodeCbor('objects'),
      lengthHead(4, objects),
    ]);
  },
  item: (object) => encodeCbor(object),
  end: new Uint8Array(0),
};

const text = new TextEncoder();

const JSON_TEXT: Form = {
  begin: (head) => text.encode(`${encodeJson(head).slice(0, -1)},"objects":[`),
  item: (object, first) => text.encode(`${first ? '' : ','}${encodeJson(object)}`),
  end: text.encode(']}'),
};

/** Head of a CBOR array (major type 4) or map (5) of so many items (RFC 8949, 3.1). */
function lengthHead(major: 4 | 5, length: number): Uint8Array {
  if (length < 24) return Uint8Array.of((major << 5) | length);
  const head = new DataView(new ArrayBuffer(5));
  head.setUint8(0, (major << 5) | 26);
  head.setUint32(1, length);
  return new Uint8Array(head.buffer);
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((bytes, piece) => bytes + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}
