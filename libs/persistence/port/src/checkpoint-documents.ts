import type { BraneId, BraneMeta, Epoch, ObjectId } from '@state-server/domain';

/** RFC 3339 UTC with milliseconds, so that text order is time order. */
type Time = string;

/**
 * The newest checkpoint of a brane (SYNC R2): all that it stands for was written before it, and nothing that it names is
 * ever changed. Its epoch and seq are those of a state that the log has been through.
 */
export interface CheckpointDoc {
  readonly brane_id: BraneId;
  readonly epoch: Epoch;
  readonly seq: number;
  readonly at: Time;
  /** Under which its pages stand; new for each. */
  readonly build: string;
  readonly pages: number;
  readonly objects: number;
  /** Of all encoded objects. */
  readonly bytes: number;
  /** The head's, when its seq was this one. */
  readonly log_bytes: number;
}

/**
 * An earlier checkpoint that is kept, so that what came after it can be replayed from near by. Its pages and chunks stay for
 * as long as it does.
 */
export interface MilestoneDoc extends CheckpointDoc {
  /** Made later than what stands around it, from the one before it and the log. */
  readonly filled?: true;
}

/**
 * One chunk as its checkpoint lists it: `[first id, index into builds, number, objects, bytes]`. The chunks of a brane
 * stand in the order of their ids: each holds all objects from its first id to before the next one's.
 */
export type CheckpointChunkRow = readonly [
  first: ObjectId,
  build: number,
  number: number,
  objects: number,
  bytes: number,
];

/** A part of a checkpoint's list of chunks. Immutable. */
export interface CheckpointPageDoc {
  readonly brane_id: BraneId;
  readonly build: string;
  readonly page: number;
  /** The brane at the checkpoint's seq; on page 0. */
  readonly meta?: BraneMeta;
  /** By which builds the chunks were written that are listed here. */
  readonly builds: readonly string[];
  readonly chunks: readonly CheckpointChunkRow[];
}

/** Objects in the order of their ids, encoded as they go on the wire. Immutable, shared by successive checkpoints. */
export interface CheckpointChunkDoc {
  readonly brane_id: BraneId;
  readonly build: string;
  readonly number: number;
  /** Bytes of each object. */
  readonly lengths: readonly number[];
  /** The objects' CBOR, one behind the other. */
  readonly bytes: Uint8Array;
}

/**
 * What no checkpoint names, to be deleted a while after `at`: what an unfinished build has written so far, or what a
 * finished one has replaced.
 */
export interface CheckpointGarbageDoc {
  readonly brane_id: BraneId;
  readonly build: string;
  readonly at: Time;
  readonly dead: readonly {
    readonly build: string;
    readonly pages: number;
    readonly chunks: readonly number[];
  }[];
}

/** A brane whose log has grown, or that was joined without a checkpoint: to be looked at from `due_at` on. */
export interface CheckpointDueDoc {
  readonly brane_id: BraneId;
  readonly due_at: Time;
  /** Of the head when it was asked for. */
  readonly seq: number;
  /** A reader had to do without one. */
  readonly wanted?: boolean;
}
