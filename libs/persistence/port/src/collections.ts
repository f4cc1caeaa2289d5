import type {
  BraneId,
  BraneStatus,
  Epoch,
  Inverse,
  ObjectId,
  OpId,
  Role,
  SceneObject,
  SessionId,
  SpatialKey,
  UserId,
  Visibility,
} from '@state-server/domain';

/** RFC 3339 UTC with milliseconds, so that text order is time order. */
type Time = string;

/** The brane's serialisation point: every edit of the brane writes it (SYNC L1–L7, R3). */
export interface HeadDoc {
  readonly brane_id: BraneId;
  readonly epoch: Epoch;
  /** 0 before the first entry; the log is gapless from 1 to here. */
  readonly seq: number;
  readonly at: Time;
  readonly status: BraneStatus;
  /** Objects in the brane, marked ones included. */
  readonly objects: number;
  /** Entries at or above it are readable; rises before they go (SYNC R3). */
  readonly log_floor: number;
  /** Op ids of entries below it may be forgotten (SYNC I4). */
  readonly dedupe_floor: number;
  /** A writer that lost three conflicts asks for the next turn (SYNC L5). */
  readonly turn?: { readonly writer: string; readonly mark: number };
  /** Roots of subtrees whose spatial keys are still being rewritten (SYNC S2). */
  readonly rekeying?: readonly ObjectId[];
}

export interface BraneDoc {
  readonly id: BraneId;
  readonly name: string;
  readonly visibility: Visibility;
  readonly status: BraneStatus;
  readonly created_at: Time;
  readonly updated_at: Time;
  readonly created_by: UserId;
  readonly purge_after?: Time;
  readonly version: number;
}

export interface MemberDoc {
  readonly brane_id: BraneId;
  readonly user_id: UserId;
  readonly role: Role;
  readonly since: Time;
}

/** The object as on the wire, and the cell under which the spatial index holds it. */
export interface ObjectDoc {
  readonly brane_id: BraneId;
  readonly id: ObjectId;
  readonly parent_id: ObjectId | null;
  readonly order: string;
  readonly deleted_at?: Time;
  readonly object: SceneObject;
  readonly cell: SpatialKey;
}

/** Ids are unique over all branes and are never given out twice (SYNC I6). */
export interface ObjectIdDoc {
  readonly id: ObjectId;
  readonly brane_id: BraneId;
  readonly version: number;
}

export interface SpaceDoc {
  readonly brane_id: BraneId;
  readonly level: number;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly id: ObjectId;
}

export interface LogDoc {
  readonly brane_id: BraneId;
  readonly seq: number;
  readonly epoch: Epoch;
  readonly at: Time;
  readonly actor: UserId;
  readonly op_id: OpId;
  readonly kind: 'edit' | 'undo' | 'redo' | 'system';
  /** The encoded `brane.ops` frame (CBOR), exactly as it was and will be sent. */
  readonly frame: Uint8Array;
  readonly inverses: readonly Inverse[];
  readonly trace_id?: string;
}

/** What an op id led to: the idempotency record of one edit and the entry in its author's undo history. */
export interface OpResultDoc {
  readonly brane_id: BraneId;
  readonly user_id: UserId;
  readonly op_id: OpId;
  readonly fingerprint: string;
  readonly at: Time;
  /** The entry's seq; for a recorded refusal (SYNC I2) the head's seq at that moment. */
  readonly seq: number;
  readonly epoch: Epoch;
  readonly kind: 'edit' | 'undo' | 'redo' | 'system';
  readonly refused?: {
    readonly code: string;
    readonly message: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
  readonly skipped?: readonly { readonly id: ObjectId; readonly pointer: string }[];
  /** For an undo or redo: the op it took back or did again. */
  readonly target_op_id?: OpId;
  /** Set while an undo of this op stands (the undo's op id). */
  readonly undone_by?: OpId;
}

export interface UserDoc {
  readonly id: UserId;
  readonly name: string;
  readonly email?: string;
  readonly roles: readonly ('user' | 'admin')[];
  readonly version: number;
  readonly created_at: Time;
  readonly updated_at: Time;
}

export interface IdentityDoc {
  readonly provider: string;
  readonly subject: string;
  readonly user_id: UserId;
}

export interface SessionDoc {
  readonly id: SessionId;
  readonly user_id: UserId;
  readonly created_at: Time;
  readonly last_used_at: Time;
  readonly expires_at: Time;
  readonly user_agent?: string;
}

export interface RefreshTokenDoc {
  /** SHA-256 of the token, hex. */
  readonly hash: string;
  readonly session_id: SessionId;
  readonly user_id: UserId;
  readonly issued_at: Time;
  readonly expires_at: Time;
  readonly used_at?: Time;
}

/** Kept until no token that it concerns can live any more (SYNC F1). */
export interface RevocationDoc {
  readonly kind: 'session' | 'token' | 'user';
  readonly value: string;
  readonly at: Time;
  /** For kind `user`: tokens issued before this time are dead. */
  readonly not_before?: Time;
  readonly expires_at: Time;
}

export interface TicketDoc {
  /** SHA-256 of the ticket, hex. */
  readonly hash: string;
  readonly user_id: UserId;
  readonly session_id: SessionId;
  readonly origin?: string;
  readonly expires_at: Time;
}

export interface IdempotencyKeyDoc {
  readonly user_id: UserId;
  readonly key: string;
  readonly fingerprint: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** CBOR of the body. */
  readonly body: Uint8Array;
  readonly at: Time;
  readonly expires_at: Time;
}

/** Work that a transaction asks for; relayed after commit, kept until it is done (SYNC F1). */
export interface OutboxDoc {
  readonly id: string;
  readonly queue: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly at: Time;
  readonly state: 'waiting' | 'done' | 'failed';
  readonly attempts: number;
}

/** A job for an outside worker, known by the callbacks that report on it. */
export interface JobDoc {
  readonly id: string;
  readonly type: string;
  readonly user_id: UserId;
  readonly state: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly attempt: number;
  readonly worker?: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly created_at: Time;
  readonly updated_at: Time;
}

/** A callback's effect is idempotent for ever by (job, attempt, event). */
export interface CallbackEventDoc {
  readonly job_id: string;
  readonly attempt: number;
  readonly event: string;
  readonly webhook_id: string;
  readonly at: Time;
}

/** The record by which a transaction of unknown outcome finds out what became of it. */
export interface TransactionDoc {
  readonly id: string;
  readonly expires_at: Time;
}

/** Facts about the store itself: format version, progress of upgrades and sweeps. */
export interface MetaDoc {
  readonly key: string;
  readonly value: unknown;
}

export interface Documents {
  meta: MetaDoc;
  transactions: TransactionDoc;
  users: UserDoc;
  identities: IdentityDoc;
  sessions: SessionDoc;
  refresh_tokens: RefreshTokenDoc;
  revocations: RevocationDoc;
  tickets: TicketDoc;
  idempotency_keys: IdempotencyKeyDoc;
  heads: HeadDoc;
  branes: BraneDoc;
  members: MemberDoc;
  objects: ObjectDoc;
  object_ids: ObjectIdDoc;
  space: SpaceDoc;
  log: LogDoc;
  op_results: OpResultDoc;
  outbox: OutboxDoc;
  jobs: JobDoc;
  callback_events: CallbackEventDoc;
}

export type CollectionName = keyof Documents;

export interface CollectionSpec<Doc> {
  /** Stable number of the key space on disk; never reused. */
  readonly id: number;
  readonly key: readonly (keyof Doc & string)[];
  /** Index name → fields. The key's fields are appended where they are not in it; a document that lacks a field is not in the index. */
  readonly indexes: Readonly<
    Record<
      string,
      { readonly id: number; readonly fields: readonly (keyof Doc & string)[]; readonly unique?: true }
    >
  >;
  /** Field that says when a document may be purged; swept by jobs-runner an hour late rather than early (SYNC L4). */
  readonly expires?: keyof Doc & string;
}

/** Version of the layout on disk; raised with every change of keys, indexes or documents that old code cannot read. */
export const FORMAT_VERSION = 1;

/** The single source: keys, indexes and lifetimes of all that is stored. */
export const COLLECTIONS = {
  meta: { id: 1, key: ['key'], indexes: {} },
  transactions: {
    id: 2,
    key: ['id'],
    indexes: { by_expiry: { id: 1, fields: ['expires_at'] } },
    expires: 'expires_at',
  },
  users: { id: 3, key: ['id'], indexes: {} },
  identities: { id: 4, key: ['provider', 'subject'], indexes: { by_user: { id: 1, fields: ['user_id'] } } },
  sessions: {
    id: 5,
    key: ['id'],
    indexes: {
      by_user: { id: 1, fields: ['user_id', 'created_at'] },
      by_expiry: { id: 2, fields: ['expires_at'] },
    },
    expires: 'expires_at',
  },
  refresh_tokens: {
    id: 6,
    key: ['hash'],
    indexes: { by_session: { id: 1, fields: ['session_id'] }, by_expiry: { id: 2, fields: ['expires_at'] } },
    expires: 'expires_at',
  },
  revocations: {
    id: 7,
    key: ['kind', 'value'],
    indexes: { by_time: { id: 1, fields: ['at'] }, by_expiry: { id: 2, fields: ['expires_at'] } },
    expires: 'expires_at',
  },
  tickets: {
    id: 8,
    key: ['hash'],
    indexes: { by_expiry: { id: 1, fields: ['expires_at'] } },
    expires: 'expires_at',
  },
  idempotency_keys: {
    id: 9,
    key: ['user_id', 'key'],
    indexes: { by_expiry: { id: 1, fields: ['expires_at'] } },
    expires: 'expires_at',
  },
  heads: { id: 10, key: ['brane_id'], indexes: {} },
  branes: {
    id: 11,
    key: ['id'],
    indexes: { by_purge: { id: 1, fields: ['purge_after'] } },
  },
  members: {
    id: 12,
    key: ['brane_id', 'user_id'],
    indexes: { by_user: { id: 1, fields: ['user_id', 'brane_id'] } },
  },
  objects: {
    id: 13,
    key: ['brane_id', 'id'],
    indexes: {
      by_parent: { id: 1, fields: ['brane_id', 'parent_id', 'order', 'id'] },
      by_deletion: { id: 2, fields: ['deleted_at'] },
    },
  },
  object_ids: { id: 14, key: ['id'], indexes: {} },
  space: { id: 15, key: ['brane_id', 'level', 'x', 'y', 'z', 'id'], indexes: {} },
  log: { id: 16, key: ['brane_id', 'seq'], indexes: {} },
  op_results: {
    id: 17,
    key: ['brane_id', 'user_id', 'op_id'],
    indexes: {
      by_user_seq: { id: 1, fields: ['brane_id', 'user_id', 'seq'] },
      by_seq: { id: 2, fields: ['brane_id', 'seq'] },
    },
  },
  outbox: { id: 18, key: ['id'], indexes: { by_state: { id: 1, fields: ['state', 'at'] } } },
  jobs: { id: 19, key: ['id'], indexes: { by_user: { id: 1, fields: ['user_id', 'created_at'] } } },
  callback_events: { id: 20, key: ['job_id', 'attempt', 'event'], indexes: {} },
} as const satisfies { readonly [Name in CollectionName]: CollectionSpec<Documents[Name]> };

export type Collections = typeof COLLECTIONS;
export type IndexName<Name extends CollectionName> = keyof Collections[Name]['indexes'] & string;
/** One component of a key. Numbers are integers within ±2^53; text is compared by its UTF-8 bytes. */
export type KeyPart = string | number;
export type Key = readonly KeyPart[];
