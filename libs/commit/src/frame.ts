import type { BraneId, Epoch, Op, OpId, UserId } from '@state-server/domain';
import { type BraneOpsFrame, decodeCbor, encodeFrame, FROM_SERVER } from '@state-server/protocol';

/** One log entry as it is sent: encoded once, here, by its writer. */
export function encodeEntry(entry: {
  readonly brane_id: BraneId;
  readonly epoch: Epoch;
  readonly seq: number;
  readonly op_id: OpId;
  readonly actor: UserId;
  readonly at: string;
  readonly ops: readonly Op[];
}): Uint8Array {
  const frame: BraneOpsFrame = {
    type: 'brane.ops',
    brane_id: entry.brane_id,
    epoch: entry.epoch,
    seq: entry.seq,
    op_id: entry.op_id,
    actor: entry.actor,
    at: entry.at,
    ops: entry.ops,
  };
  return encodeFrame(frame, 'cbor');
}

/** A frame that a writer put into the log. */
export function decodeEntry(frame: Uint8Array): BraneOpsFrame {
  return decodeCbor(frame, FROM_SERVER) as BraneOpsFrame;
}

/** The ops of a frame that a writer put into the log. */
export function decodeEntryOps(frame: Uint8Array): readonly Op[] {
  return decodeEntry(frame).ops;
}
