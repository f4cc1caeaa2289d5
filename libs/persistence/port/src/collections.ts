import type { Documents } from './documents';

export type CollectionName = keyof Documents;

export interface CollectionSpec<Doc> {
  /** Stable number of the key space on disk; never reused. */
  readonly id: number;
  readonly key: readonly (keyof Doc & string)[];
  /**
   * Index name → fields. The key's fields are appended where they are not in it. A document that lacks one of the fields
   * (absent or null) is not in the index. Ids are stable numbers on disk like the collection's, 1–254.
   */
  readonly indexes: Readonly<
    Record<string, { readonly id: number; readonly fields: readonly (keyof Doc & string)[] }>
  >;
  /** Field that says when a document may be purged; swept by jobs-runner an hour late rather than early (SYNC L4). */
  readonly expires?: keyof Doc & string;
  /** `expires` says when the document was made, and this setting of the installation how long it is kept from then. */
  readonly kept?: RetentionSetting;
}

/** Settings that say how long documents are kept. */
export type RetentionSetting = 'AUDIT_RETENTION_DAYS';

/** Version of the layout on disk; raised with every change of keys, indexes or documents that old code cannot read. */
export const FORMAT_VERSION = 2;

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
    indexes: { by_purge: { id: 1, fields: ['purge_after'] }, by_company: { id: 2, fields: ['company_id'] } },
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
      by_brane_deletion: { id: 3, fields: ['brane_id', 'deleted_at'] },
      by_prototype: { id: 4, fields: ['brane_id', 'prototype_id', 'prototype_version'] },
      by_expiry: { id: 5, fields: ['expires_at'] },
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
  checkpoints: { id: 21, key: ['brane_id'], indexes: {} },
  checkpoint_pages: { id: 22, key: ['brane_id', 'build', 'page'], indexes: {} },
  checkpoint_chunks: { id: 23, key: ['brane_id', 'build', 'number'], indexes: {} },
  checkpoint_garbage: {
    id: 24,
    key: ['brane_id', 'build'],
    indexes: { by_time: { id: 1, fields: ['at'] } },
  },
  checkpoint_due: { id: 25, key: ['brane_id'], indexes: { by_due: { id: 1, fields: ['due_at'] } } },
  prototypes: {
    id: 26,
    key: ['id'],
    indexes: {
      by_owner: { id: 1, fields: ['owner_id', 'kept', 'created_at'] },
      by_listed_owner: { id: 2, fields: ['listed', 'owner_id', 'created_at'] },
    },
  },
  prototype_versions: { id: 27, key: ['prototype_id', 'version'], indexes: {} },
  prototype_trees: { id: 28, key: ['prototype_id', 'version'], indexes: {} },
  search_terms: { id: 31, key: ['kind', 'term', 'id'], indexes: {} },
  listings: {
    id: 32,
    key: ['kind', 'id'],
    indexes: {
      by_name: { id: 1, fields: ['kind', 'name_order'] },
      by_age: { id: 2, fields: ['kind', 'created_at'] },
    },
  },
  inventory: {
    id: 33,
    key: ['user_id', 'prototype_id'],
    indexes: { by_time: { id: 1, fields: ['user_id', 'added_at'] } },
  },
  popularity: {
    id: 50,
    key: ['kind', 'id'],
    indexes: { by_rank: { id: 1, fields: ['kind', 'listed', 'rank'] } },
  },
  activity: { id: 51, key: ['id'], indexes: {} },
  companies: { id: 60, key: ['id'], indexes: {} },
  company_members: {
    id: 61,
    key: ['company_id', 'user_id'],
    indexes: { by_user: { id: 1, fields: ['user_id', 'company_id'] } },
  },
  company_invitations: {
    id: 62,
    key: ['id'],
    indexes: {
      by_hash: { id: 1, fields: ['hash'] },
      by_company: { id: 2, fields: ['company_id', 'created_at'] },
      by_expiry: { id: 3, fields: ['expires_at'] },
    },
    expires: 'expires_at',
  },
  mails: {
    id: 59,
    key: ['key'],
    indexes: {
      by_due: { id: 1, fields: ['due_at'] },
      by_state: { id: 2, fields: ['state', 'created_at'] },
      by_expiry: { id: 3, fields: ['expires_at'] },
    },
    expires: 'expires_at',
  },
  operations: {
    id: 35,
    key: ['id'],
    indexes: {
      by_brane: { id: 1, fields: ['brane_id', 'created_at'] },
      by_due: { id: 2, fields: ['due_at'] },
      by_expiry: { id: 3, fields: ['expires_at'] },
    },
    expires: 'expires_at',
  },
  milestones: { id: 36, key: ['brane_id', 'seq'], indexes: {} },
  links: {
    id: 64,
    key: ['id'],
    indexes: {
      by_brane: { id: 1, fields: ['brane_id', 'created_at'] },
      by_revocation: { id: 2, fields: ['revoked_at'] },
    },
  },
  guests: {
    id: 65,
    key: ['user_id'],
    indexes: {
      by_link: { id: 1, fields: ['link_id'] },
      by_due: { id: 2, fields: ['expires_at'] },
    },
  },
  moderations: {
    id: 66,
    key: ['brane_id', 'kind', 'user_id'],
    indexes: { by_due: { id: 1, fields: ['until'] } },
  },
  rosters: {
    id: 72,
    key: ['brane_id', 'gateway'],
    indexes: { by_expiry: { id: 1, fields: ['at'] } },
    expires: 'at',
  },
  // Append-only: nothing but its age takes an entry away.
  audit: {
    id: 67,
    key: ['at', 'id'],
    indexes: {
      by_actor: { id: 1, fields: ['actor_id', 'at'] },
      by_target: { id: 2, fields: ['target_id', 'at'] },
      by_brane: { id: 3, fields: ['brane_id', 'at'] },
      by_company: { id: 4, fields: ['company_id', 'at'] },
      by_action: { id: 5, fields: ['action', 'at'] },
      by_user: { id: 6, fields: ['user_id', 'at'] },
    },
    expires: 'at',
    kept: 'AUDIT_RETENTION_DAYS',
  },
  service_accounts: {
    id: 68,
    key: ['id'],
    indexes: { by_owner: { id: 1, fields: ['owner_kind', 'owner_id', 'created_at'] } },
  },
  service_keys: {
    id: 69,
    key: ['id'],
    indexes: {
      by_user: { id: 1, fields: ['user_id', 'created_at'] },
      by_expiry: { id: 2, fields: ['expires_at'] },
    },
    expires: 'expires_at',
  },
  oauth_flows: {
    id: 55,
    key: ['hash'],
    indexes: { by_expiry: { id: 1, fields: ['expires_at'] } },
    expires: 'expires_at',
  },
  oauth_codes: {
    id: 56,
    key: ['hash'],
    indexes: { by_expiry: { id: 1, fields: ['expires_at'] } },
    expires: 'expires_at',
  },
} as const satisfies { readonly [Name in CollectionName]: CollectionSpec<Documents[Name]> };

export type Collections = typeof COLLECTIONS;
export type IndexName<Name extends CollectionName> = keyof Collections[Name]['indexes'] & string;
/** One component of a key. Numbers are integers within ±2^53; text is well-formed and compared by its UTF-8 bytes. */
export type KeyPart = string | number;
export type Key = readonly KeyPart[];
