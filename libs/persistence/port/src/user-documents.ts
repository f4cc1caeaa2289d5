import type {
  BraneId,
  IdentityKind,
  Profile,
  PrototypeId,
  Scope,
  SessionId,
  UserId,
} from '@state-server/domain';
import type { ServiceOwner } from './service-documents';

/** RFC 3339 UTC with milliseconds, so that text order is time order. */
type Time = string;

/** Whoever makes something that belongs to a user guards his record: it is written when he is suspended or deleted. */
export interface UserDoc extends Profile {
  readonly id: UserId;
  readonly email?: string;
  readonly roles: readonly ('user' | 'admin')[];
  /** He has no account: what he is signed in with ends then, and until then is good in this brane alone. */
  readonly guest?: { readonly brane_id: BraneId; readonly link_id?: string; readonly expires_at: Time };
  /** He cannot sign in; what is his stays. */
  readonly suspension?: Suspension;
  /** Sessions that began before it are over, whatever is left of their records; only rises. */
  readonly not_before?: Time;
  /** Kinds of device that he has signed in from, as digests; the last one is the latest. */
  readonly devices?: readonly string[];
  /** A program, and whose: it has keys and no other way in. */
  readonly service?: ServiceOwner;
  /** He is gone: what is left of him is his id, so that others' work still says whose it was. */
  readonly deleted_at?: Time;
  /** Entries of his inventory. */
  readonly inventory?: number;
  readonly version: number;
  readonly created_at: Time;
  readonly updated_at: Time;
}

export interface Suspension {
  readonly reason: string;
  readonly at: Time;
  readonly by: UserId;
  /** Absent: until it is lifted. */
  readonly until?: Time;
}

/** A prototype that a user wants at hand and that is not his own. */
export interface InventoryDoc {
  readonly user_id: UserId;
  readonly prototype_id: PrototypeId;
  readonly source: 'pinned' | 'gift';
  /** Where it was found, or who gave it. */
  readonly from?: { readonly brane_id?: BraneId; readonly user_id?: UserId };
  readonly added_at: Time;
}

/** A way to sign in: whom a provider knows by this subject. The e-mail is for people to read, nobody is found by it. */
export interface IdentityDoc {
  readonly provider: string;
  readonly subject: string;
  readonly user_id: UserId;
  readonly name?: string;
  readonly email?: string;
  readonly linked_at?: Time;
}

export interface SessionDoc {
  readonly id: SessionId;
  readonly user_id: UserId;
  readonly created_at: Time;
  readonly last_used_at: Time;
  /** When it ends if it is not used again: by then unused for too long, or too old however much it is used. */
  readonly expires_at: Time;
  readonly user_agent?: string;
  /** IP address that it was last used from: signed in or refreshed. */
  readonly address?: string;
  /** Of tokens of an outside issuer: which. There are no refresh tokens then, and it ends with its last token. */
  readonly issuer?: string;
}

export interface RefreshTokenDoc {
  /** SHA-256 of the token, hex. */
  readonly hash: string;
  readonly session_id: SessionId;
  readonly user_id: UserId;
  readonly issued_at: Time;
  readonly expires_at: Time;
  readonly used_at?: Time;
  /** By whom it was used, as far as that can be told: SHA-256 of the User-Agent. */
  readonly used_by?: string;
  /** Under which Idempotency-Key it was used, as SHA-256, and what its successor was derived with. */
  readonly retry?: { readonly key: string; readonly salt: string };
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
  /** Of the page that asked; absent: no page did. */
  readonly origin?: string;
  /** The access token that it was asked for with: what the socket may do, and when that ends. */
  readonly token?: TicketToken;
  readonly expires_at: Time;
}

export interface TicketToken {
  readonly id: string;
  readonly kind?: IdentityKind;
  readonly scopes?: readonly Scope[];
  readonly issued_at: Time;
  readonly expires_at: Time;
}
