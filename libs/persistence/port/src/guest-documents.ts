import type { BraneId, UserId } from '@state-server/domain';

/** RFC 3339 UTC with milliseconds, so that text order is time order. */
type Time = string;

/** Lets whoever has its token into a brane, as a guest. */
export interface LinkDoc {
  readonly id: string;
  /** SHA-256 of the token, hex. */
  readonly hash: string;
  readonly brane_id: BraneId;
  readonly role: 'viewer' | 'editor';
  readonly label?: string;
  readonly expires_at?: Time;
  /** How many guests it lets in at all; absent: as many as come. */
  readonly uses_max?: number;
  readonly uses: number;
  readonly created_by: UserId;
  readonly created_at: Time;
  /** Nobody gets in by it any more, and whoever did is being put out. */
  readonly revoked_at?: Time;
}

/** What is known of a guest besides his user's record; gone with him, or when he gets an account. */
export interface GuestDoc {
  readonly user_id: UserId;
  readonly brane_id: BraneId;
  /** The link that he came by; absent: through the brane's visibility. */
  readonly link_id?: string;
  /** SHA-256 of brane and client address: so a ban finds who comes back under another name. */
  readonly address?: string;
  readonly created_at: Time;
  readonly expires_at: Time;
}

/** What moderation did to somebody in a brane. Whom it concerns stands in the brane's meta too, why stands here alone. */
export interface ModerationDoc {
  readonly brane_id: BraneId;
  readonly kind: 'ban' | 'mute' | 'kick';
  readonly user_id: UserId;
  readonly reason: string;
  readonly by: UserId;
  readonly at: Time;
  /** Then it is lifted; a kick is forgotten. */
  readonly until?: Time;
  /** Of a guest: see GuestDoc. */
  readonly address?: string;
}

/** Who is in a brane by one gateway, as it said last. One that has said nothing for a while is dead. */
export interface RosterDoc {
  readonly brane_id: BraneId;
  readonly gateway: string;
  readonly at: Time;
  readonly people: readonly { readonly user_id: UserId; readonly since: Time }[];
}
