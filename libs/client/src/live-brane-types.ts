import type { BraneId, ClientOp, Environment, OpId, Role, UserId } from '@state-server/domain';
import type { ClientFrame, StateError } from '@state-server/protocol';
import type { Overwrite } from './overwrites';
import type { LogPosition } from './pending-edits';
import type { PresenceEntry } from './presence';

export interface SaveState {
  /** Everything that was done here is durable on the server. */
  readonly saved: boolean;
  /** Edits that are not confirmed yet. */
  readonly waiting: number;
  /** How long the oldest of them has been waiting, ms. */
  readonly oldestMs: number;
}

export interface LiveBraneEvents {
  /** The scene looks different; several changes of one moment are told once. */
  change: undefined;
  /** In step with the server again (after joining, after each reconnect). */
  synced: LogPosition;
  save: SaveState;
  /** An entry of the log has been applied; `own` when it is one of ours. */
  entry: { readonly opId: OpId; readonly seq: number; readonly actor: UserId; readonly own: boolean };
  /** The server's answer to an edit was no: it has been taken out of the view. */
  refused: { readonly opId: OpId; readonly ops: readonly ClientOp[]; readonly error: StateError };
  overwritten: Overwrite;
  presence: ReadonlyMap<string, PresenceEntry>;
  role: Role | 'guest';
  /** Out of the brane for good: removed, deleted, or left by ourselves. */
  left: { readonly reason: string };
}

export interface EditHandle {
  readonly opId: OpId;
  /** Resolves once durable and seen in the log, at any later time if the client is offline; rejects when refused. */
  readonly saved: Promise<LogPosition>;
}

export interface LiveBraneOptions {
  readonly braneId: BraneId;
  readonly user: UserId;
  readonly environment: Environment;
  readonly send: (frame: ClientFrame) => boolean;
  readonly onLeave: () => void;
}

/** Counts of what happened on the way, for tests and curious people. */
export interface LiveBraneStats {
  joins: number;
  snapshots: number;
  entries: number;
  rejoins: number;
}
