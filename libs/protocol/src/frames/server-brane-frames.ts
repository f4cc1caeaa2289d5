import * as z from 'zod/mini';
import { braneId, epoch, opId, seq, time, userId } from '../schema/ids';
import { op, sceneObject } from '../schema/objects';
import { type BraneOpsFrame, type BraneSnapshotFrame, SERVER_CONTROL_FRAMES } from './server-frames';

/** The full schemas of the two frames that the SDK only looks at (see parseServerFrame): for documents and tests. */
export const braneOps: z.ZodMiniType<BraneOpsFrame> = z.object({
  type: z.literal('brane.ops'),
  brane_id: braneId,
  epoch,
  seq,
  op_id: opId,
  actor: userId,
  at: time,
  ops: z.array(op),
});

export const braneSnapshot: z.ZodMiniType<BraneSnapshotFrame> = z.object({
  type: z.literal('brane.snapshot'),
  brane_id: braneId,
  epoch,
  seq,
  part: z.int().check(z.gte(0)),
  objects: z.array(sceneObject),
});

/** Every frame that the server may send, by its type. */
export const SERVER_FRAMES = {
  ...SERVER_CONTROL_FRAMES,
  'brane.ops': braneOps,
  'brane.snapshot': braneSnapshot,
} as const;
