import type { BraneId, Epoch } from '@state-server/domain';
import { decodeCbor, encodeCbor } from '@state-server/protocol';
import type { BraneMessage } from './committer';

/** A head as the heartbeat carries it (SYNC R5). */
export interface HeadNotice {
  readonly brane_id: BraneId;
  readonly epoch: Epoch;
  readonly seq: number;
}

/** `[[epoch, seq, frame], …]` for `channels.brane(id)`: the entries of one commit, for a message costs more than an entry. */
export function encodeBraneMessages(messages: readonly BraneMessage[]): Uint8Array {
  return encodeCbor(messages.map(({ epoch, seq, frame }) => [epoch, seq, frame]));
}

/** Without what is not such a message: the bus is not trusted, and a lost message is made good by the log. */
export function decodeBraneMessages(payload: Uint8Array): BraneMessage[] {
  const value = decodeOrNothing(payload);
  if (!Array.isArray(value)) return [];
  const messages: BraneMessage[] = [];
  for (const item of value as readonly unknown[]) {
    if (!Array.isArray(item) || item.length !== 3) continue;
    const [epoch, seq, frame] = item as readonly unknown[];
    if (typeof epoch !== 'string' || !isSeq(seq) || !(frame instanceof Uint8Array)) continue;
    messages.push({ epoch: epoch as Epoch, seq, frame });
  }
  return messages;
}

/** `[[brane id, epoch, seq], …]` for `channels.heads`. */
export function encodeHeads(heads: readonly HeadNotice[]): Uint8Array {
  return encodeCbor(heads.map((head) => [head.brane_id, head.epoch, head.seq]));
}

/** What is not a head is left out; what is no list at all is an empty one. */
export function decodeHeads(payload: Uint8Array): HeadNotice[] {
  const value = decodeOrNothing(payload);
  if (!Array.isArray(value)) return [];
  return (value as readonly unknown[]).flatMap((item) => {
    if (!Array.isArray(item)) return [];
    const [braneId, epoch, seq] = item as readonly unknown[];
    if (typeof braneId !== 'string' || typeof epoch !== 'string' || !isSeq(seq)) return [];
    return [{ brane_id: braneId as BraneId, epoch: epoch as Epoch, seq }];
  });
}

function isSeq(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function decodeOrNothing(payload: Uint8Array): unknown {
  try {
    return decodeCbor(payload);
  } catch {
    return undefined;
  }
}
