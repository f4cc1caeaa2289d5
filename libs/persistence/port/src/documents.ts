import type { AuditDoc } from './audit-documents';
import type { GuestDoc, LinkDoc, ModerationDoc, RosterDoc } from './guest-documents';
import type { ServiceAccountDoc, ServiceKeyDoc } from './service-documents';
import type {
  CheckpointDoc,
  MilestoneDoc,
  CheckpointPageDoc,
  CheckpointChunkDoc,
  CheckpointGarbageDoc,
  CheckpointDueDoc,
} from './checkpoint-documents';
import type { CompanyDoc, CompanyInvitationDoc, CompanyMemberDoc } from './company-documents';
import type { MailDoc } from './mail-document';
import type { OAuthCodeDoc, OAuthFlowDoc } from './oauth-documents';
import type { ActivityDoc, PopularityDoc } from './popularity-documents';
import type { OperationDoc } from './operation-document';
import type {
  BraneCompany,
  BraneId,
  CompanyId,
  BraneSettings,
  BraneStatus,
  Epoch,
  ForkedFrom,
  Inverse,
  ObjectId,
  OpId,
  Place,
  PrototypeId,
  PrototypeKind,
  PrototypeTree,
  PrototypeVersion,
  Restrictions,
  Role,
  SceneObject,
  SpatialKey,
  UserId,
  Visibility,
} from '@state-server/domain';
import type {
  IdentityDoc,
  InventoryDoc,
  RefreshTokenDoc,
  RevocationDoc,
  SessionDoc,
  TicketDoc,
  UserDoc,
} from './user-documents';

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
  /** Bytes of all frames that were ever put into the log, as far as they were counted; only rises. */
  readonly log_bytes?: number;
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
  readonly settings?: BraneSettings;
  readonly archived_at?: Time | null;
  readonly forked_from?: ForkedFrom;
  readonly bans?: Restrictions;
  readonly mutes?: Restrictions;
  readonly kicks?: Readonly<Record<UserId, Time>>;
  readonly company?: BraneCompany | null;
  /** The same company's id, for the index. */
  readonly company_id?: CompanyId;
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
  /** On the root of an instance: what it is one of. */
  readonly prototype_id?: PrototypeId;
  readonly prototype_version?: number;
  /** The object's, as long as it is not marked itself. */
  readonly expires_at?: Time;
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

/** `move_out`, `move_in`: the two entries of a move between branes (SYNC U3). */
export type LogKind = 'edit' | 'undo' | 'redo' | 'system' | 'move_out' | 'move_in';

/** What went from one brane into another, and its place before and after. */
export interface TransferRecord {
  readonly id: ObjectId;
  readonly from: BraneId;
  readonly to: BraneId;
  readonly before: Place;
  readonly after: Place;
}

export interface LogDoc {
  readonly brane_id: BraneId;
  readonly seq: number;
  readonly epoch: Epoch;
  readonly at: Time;
  readonly actor: UserId;
  readonly op_id: OpId;
  readonly kind: LogKind;
  /** The encoded `brane.ops` frame (CBOR), exactly as it was and will be sent. */
  readonly frame: Uint8Array;
  readonly inverses: readonly Inverse[];
  readonly trace_id?: string;
  /** The operation of which it was a step. */
  readonly operation_id?: string;
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
  readonly kind: LogKind;
  readonly refused?: {
    readonly code: string;
    readonly message: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
  readonly skipped?: readonly { readonly id: ObjectId; readonly pointer: string }[];
  /** For an undo or redo: the op it took back or did again. */
  readonly target_op_id?: OpId;
  /** Of a move between branes, and of its undo and redo; the same in the records of both branes. */
  readonly transfer?: TransferRecord;
  /** Set while an undo of this op stands (the undo's op id). */
  readonly undone_by?: OpId;
}

/** A prototype whatever its version. Its key is what new instances guard, so nothing is written here that changes often. */
export interface PrototypeDoc {
  readonly id: PrototypeId;
  readonly owner_id: UserId;
  readonly kind: PrototypeKind;
  readonly name: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly is_public: boolean;
  readonly is_deprecated: boolean;
  readonly is_deleted: boolean;
  readonly latest_version?: number;
  /** Its owner's list has it: gone once it is deleted. */
  readonly kept?: 1;
  /** Everybody's search finds it: public, published, neither deprecated nor deleted. */
  readonly listed?: 1;
  readonly version: number;
  readonly created_at: Time;
  readonly updated_at: Time;
}

/** A published version besides its tree. Immutable, and kept for ever: instances stand on it. */
export interface PrototypeVersionDoc extends PrototypeVersion {
  readonly prototype_id: PrototypeId;
  readonly notes?: string;
  readonly published_at: Time;
  readonly published_by: UserId;
}

/** The tree of a published version. Immutable. */
export interface PrototypeTreeDoc {
  readonly prototype_id: PrototypeId;
  readonly version: number;
  readonly tree: PrototypeTree;
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

/** The record by which a transaction of unknown outcome finds out what became of it; only where that can happen. */
export interface TransactionDoc {
  readonly id: string;
  /** Which of the transaction's attempts wrote it, from 0: that attempt's result is the one that counts. */
  readonly attempt: number;
  readonly expires_at: Time;
}

/** What is listed: everybody may see and search these. A private thing has no listing, and no search term leads to it. */
export type ListedKind = 'brane' | 'prototype';

/** Written with the thing itself by `putListing` alone. */
export interface ListingDoc {
  readonly kind: ListedKind;
  readonly id: string;
  /** Domain `nameOrder`. */
  readonly name_order: string;
  readonly created_at: Time;
  /** Domain `indexTerms`: each has a SearchTermDoc. */
  readonly terms: readonly string[];
}

export interface SearchTermDoc {
  readonly kind: ListedKind;
  readonly term: string;
  readonly id: string;
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
  oauth_flows: OAuthFlowDoc;
  oauth_codes: OAuthCodeDoc;
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
  checkpoints: CheckpointDoc;
  checkpoint_pages: CheckpointPageDoc;
  checkpoint_chunks: CheckpointChunkDoc;
  checkpoint_garbage: CheckpointGarbageDoc;
  checkpoint_due: CheckpointDueDoc;
  search_terms: SearchTermDoc;
  listings: ListingDoc;
  inventory: InventoryDoc;
  popularity: PopularityDoc;
  activity: ActivityDoc;
  operations: OperationDoc;
  prototypes: PrototypeDoc;
  prototype_versions: PrototypeVersionDoc;
  prototype_trees: PrototypeTreeDoc;
  milestones: MilestoneDoc;
  audit: AuditDoc;
  service_accounts: ServiceAccountDoc;
  service_keys: ServiceKeyDoc;
  mails: MailDoc;
  links: LinkDoc;
  guests: GuestDoc;
  moderations: ModerationDoc;
  rosters: RosterDoc;
  companies: CompanyDoc;
  company_members: CompanyMemberDoc;
  company_invitations: CompanyInvitationDoc;
}
