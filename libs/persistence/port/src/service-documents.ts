import type { Scope, UserId } from '@state-server/domain';

/** RFC 3339 UTC with milliseconds, so that text order is time order. */
type Time = string;

/** Whose a service account is. */
export interface ServiceOwner {
  readonly kind: 'user' | 'company';
  readonly id: string;
}

/** Found by its owner; the account itself is a user's record with `service`. */
export interface ServiceAccountDoc {
  readonly id: UserId;
  readonly owner_kind: ServiceOwner['kind'];
  readonly owner_id: string;
  readonly description?: string;
  readonly created_at: Time;
  readonly created_by: UserId;
}

/** A key of a service account. What is stored does not open anything. */
export interface ServiceKeyDoc {
  /** A UUID; stands in the key itself. */
  readonly id: string;
  /** The service account. */
  readonly user_id: UserId;
  /** SHA-256 of the whole key, hex. */
  readonly hash: string;
  readonly name?: string;
  readonly scopes: readonly Scope[];
  readonly created_at: Time;
  readonly created_by: UserId;
  readonly expires_at: Time;
  /** Written at most once a minute. */
  readonly last_used_at?: Time;
  readonly last_address?: string;
  readonly revoked_at?: Time;
}
