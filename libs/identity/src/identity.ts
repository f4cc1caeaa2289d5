import type { BraneId, IdentityKind, Scope, SessionId, UserId } from '@state-server/domain';

/** Who a request or a socket speaks for, from a token or ticket that was good at that moment. */
export interface Identity {
  readonly user_id: UserId;
  readonly kind: IdentityKind;
  /** Of somebody without an account: the only brane that it is good in, and when that ends (ms since the epoch). */
  readonly guest?: { readonly brane_id: BraneId; readonly expires_at: number };
  /** What it may be used for at most; absent: everything that the user may do. */
  readonly scopes?: readonly Scope[];
  /** The sign-in that the token belongs to; everything that it issued ends with it. */
  readonly session_id: SessionId;
  /** The one access token (its `jti`), or the ticket that stood for one. */
  readonly token_id: string;
  /** Of the user, when the token was issued. */
  readonly name: string;
  /** Ms since the epoch. */
  readonly issued_at: number;
  readonly expires_at: number;
}

/** Lifetimes. An access token is short, because it is good until then unless a revocation says otherwise. */
export const ACCESS_TOKEN_MS = 15 * 60 * 1_000;
/** No token of anybody else's lives longer here, whatever it says: so long a revocation of all that a user has must be kept. */
export const LONGEST_TOKEN_MS = 24 * 60 * 60 * 1_000;
export const TICKET_MS = 30 * 1_000;
/** A revocation outlives whatever it concerns by this: clocks differ, sockets have a grace of their own. */
export const REVOCATION_MARGIN_MS = 5 * 60 * 1_000;
/** Of two uses of one refresh token within this time the second is the first one's twin, not a thief. */
export const TWIN_MS = 10 * 1_000;

/** Text order of such times is time order. */
export function toTime(ms: number): string {
  return new Date(ms).toISOString();
}
