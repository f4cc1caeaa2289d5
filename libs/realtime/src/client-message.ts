import { asBraneId, type BraneId, isUuid } from '@state-server/domain';
import {
  decodeFrame,
  fail,
  type FrameReference,
  type StateError,
  type WireFormat,
} from '@state-server/protocol';

/** One message of a client, as it came. */
export type Message = Uint8Array | string;

/** Longest UTF-8 form of one UTF-16 unit. */
const BYTES_PER_UNIT = 3;
const MUTATIONS: ReadonlySet<unknown> = new Set(['brane.edit', 'brane.undo', 'brane.redo']);

/** The answer to text where bytes were agreed upon, and the other way round. */
export function wrongForm(format: WireFormat): StateError {
  const expected = format === 'cbor' ? 'binary messages (CBOR)' : 'text messages (JSON)';
  return fail('frame.malformed', { format }, `This connection was opened for ${expected}.`);
}

/** Exact only where it matters: near the limit. */
export function byteLength(data: Message, most: number): number {
  if (typeof data !== 'string') return data.byteLength;
  if (data.length * BYTES_PER_UNIT <= most || data.length > most) return data.length;
  return new TextEncoder().encode(data).byteLength;
}

/** What a message holds, if it is well-formed: to name in the answer what is refused unread. */
export function peek(data: Message): unknown {
  try {
    return decodeFrame(data);
  } catch {
    return undefined;
  }
}

function fields(raw: unknown): Readonly<Record<string, unknown>> {
  return typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {};
}

/** What an answer repeats of a frame that may be anything. */
export function referenceIn(raw: unknown): FrameReference {
  const { id, brane_id, op_id } = fields(raw);
  return {
    ...(typeof id === 'string' && id.length <= 64 ? { id } : {}),
    ...(isUuid(brane_id) ? { brane_id } : {}),
    ...(isUuid(op_id) ? { op_id } : {}),
  };
}

/** The number of an edit whatever else is wrong with it (SYNC I3); undefined when it is none. */
export function mutationIn(
  raw: unknown,
): { readonly braneId: BraneId; readonly clientSeq: number; readonly again: boolean } | undefined {
  const { type, brane_id, client_seq, again } = fields(raw);
  if (!MUTATIONS.has(type) || !isUuid(brane_id) || !Number.isSafeInteger(client_seq)) return undefined;
  return { braneId: asBraneId(brane_id), clientSeq: Number(client_seq), again: again === true };
}
