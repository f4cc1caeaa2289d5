import type { BraneId, CompanyId, Epoch, ObjectId, PrototypeId, UserId } from './ids';

/**
 * 4×4 matrix, column-major, float32, local to the parent: element (row r, column c) is at index 4·c + r,
 * the translation is at 12, 13, 14. Treated as immutable: make a new one instead of writing into it.
 */
export type Transform = Float32Array;

/** int32[4] `[x, y, z, level]`: the cell of edge base · 2^level that holds a world position. */
export type SpatialKey = readonly [x: number, y: number, z: number, level: number];

export type Scalar = string | number | bigint | boolean | null | Uint8Array;
export type Value = Scalar | readonly Value[] | ValueMap;
export interface ValueMap {
  readonly [key: string]: Value;
}

/** Where an instance came from. */
export interface PrototypeRef {
  readonly id: PrototypeId;
  readonly version: number;
  /** Key of the node that this is; absent for the root of the instance. */
  readonly node?: string;
  /** On the root of an instance that a prototype group has brought: its place in that group. */
  readonly member?: string;
}

/** The model of a block; `radius` (metres, around the local origin) decides its spatial level. */
export interface ModelRef {
  readonly id: string;
  readonly digest: string;
  readonly bytes: number;
  /** `[minX, minY, minZ, maxX, maxY, maxZ]` in metres, local. */
  readonly bounds: readonly number[];
  readonly radius: number;
  readonly previews: readonly string[];
}

interface ObjectBase {
  readonly id: ObjectId;
  readonly brane_id: BraneId;
  /** null only for a brane's root group. */
  readonly parent_id: ObjectId | null;
  /** Fractional index among the siblings; ties are broken by id. */
  readonly order: string;
  readonly name: string;
  readonly transform: Transform;
  readonly properties: ValueMap;
  readonly prototype: PrototypeRef | null;
  /** Nothing of it or below it changes until the lock is taken off. */
  readonly locked?: true;
  /** It keeps its transform, parent and order; what it hangs below may move. */
  readonly pinned?: true;
  /** RFC 3339, UTC with milliseconds: then the server deletes it with all that it holds, about a minute later. */
  readonly expires_at?: string;
  /** From 1, one more with each op that touched the object. */
  readonly version: number;
  /** The seq of the log entry that touched it last. */
  readonly seq: number;
  /** RFC 3339. */
  readonly created_at: string;
  readonly updated_at: string;
  readonly created_by: UserId;
  readonly updated_by: UserId;
  /** Set for good once anybody but its creator has touched it: from then on an undo of its creation is refused (SYNC U1). */
  readonly co_edited?: true;
  /** Set on the root of a deleted subtree (SYNC S1); its descendants count as deleted with it. */
  readonly deleted_at?: string;
}

export interface Group extends ObjectBase {
  readonly kind: 'group';
  readonly is_brane: boolean;
  /** Set when this group stands for another brane (SYNC S7); such a group has no children. */
  readonly link?: BraneId;
  /** Prototypes on offer in this group, each with its order key. */
  readonly gallery: Readonly<Record<PrototypeId, string>>;
}

export interface Block extends ObjectBase {
  readonly kind: 'block';
  readonly model: ModelRef | null;
}

/** What stands in a brane. Wire and store use the same field names. */
export type SceneObject = Group | Block;

export type Role = 'owner' | 'moderator' | 'editor' | 'viewer';
/** Who is kept out of a brane, or kept still in it: until that time (RFC 3339), null: until it is lifted. */
export type Restrictions = Readonly<Record<UserId, string | null>>;
/** private: members only; link: whoever knows the id may view; public: listed, everybody may view. */
export type Visibility = 'private' | 'link' | 'public';
/** live → deleted (restorable until purge_after) → purging (no way back) → purged (a tombstone for ever) (SYNC L7). */
export type BraneStatus = 'live' | 'deleted' | 'purging' | 'purged';

/** What its owners say of a brane and want of it; all of it may be absent. */
export interface BraneSettings {
  readonly description?: string;
  readonly tags?: readonly string[];
  /** See `isPicture`. */
  readonly thumbnail?: string;
  /** Days for which log entries are kept beyond checkpoints; absent: the server's default; 0: all of them for ever. */
  readonly history_days?: number;
  /** How many people may be in the brane at a time; absent: as many as the server allows. */
  readonly people_max?: number;
}

/** Of which brane, and of what place in its log, a brane is a copy; until it is complete nobody else writes to it. */
export interface ForkedFrom {
  readonly brane_id: BraneId;
  readonly epoch: Epoch;
  readonly seq: number;
  readonly complete: boolean;
}

/** The company that a brane belongs to, and what its people are here by that alone; kept by the server as the company changes. */
export interface BraneCompany {
  readonly id: CompanyId;
  readonly members: Readonly<Record<UserId, Role>>;
}

/** What is true of a brane besides its objects; changed only by log entries (SYNC L6). */
export interface BraneMeta {
  readonly id: BraneId;
  readonly name: string;
  readonly visibility: Visibility;
  readonly status: BraneStatus;
  readonly members: Readonly<Record<UserId, Role>>;
  readonly created_at: string;
  readonly updated_at: string;
  readonly created_by: UserId;
  readonly purge_after?: string;
  readonly settings?: BraneSettings;
  /** Since when nobody edits its objects; null or absent: they are edited. */
  readonly archived_at?: string | null;
  readonly forked_from?: ForkedFrom;
  /** Who does not even see it, whatever else he is here. */
  readonly bans?: Restrictions;
  /** Who may look and no more. */
  readonly mutes?: Restrictions;
  /** Null or absent: it is its owners' own. */
  readonly company?: BraneCompany | null;
  /** Who was put out last, and when (RFC 3339): he may come back. Only the newest are kept. */
  readonly kicks?: Readonly<Record<UserId, string>>;
}
