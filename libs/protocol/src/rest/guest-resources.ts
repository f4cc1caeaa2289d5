import * as z from 'zod/mini';
import { role, roleOrGuest } from '../schema/brane-meta';
import { braneId, time, userId } from '../schema/ids';
import { linkId } from './guest-requests';
import { tokens } from './resources';

/** What a guest is signed in with: good in this one brane. */
export const guestTokens = z.object({
  ...tokens.shape,
  brane_id: braneId,
  role: roleOrGuest,
  /** Then it is over, however often it is refreshed. */
  expires_at: time,
});

export const link = z.object({
  id: linkId,
  brane_id: braneId,
  role,
  label: z.exactOptional(z.string()),
  expires_at: z.exactOptional(time),
  uses_max: z.exactOptional(z.int()),
  /** Guests that came by it. */
  uses: z.int(),
  created_by: userId,
  created_at: time,
});
/** `token` is told once, and kept nowhere: the answer to a repetition (Idempotency-Key) goes without it. */
export const newLink = z.object({ ...link.shape, token: z.exactOptional(z.string()) });

/** A ban or mute that holds. */
export const restriction = z.object({
  kind: z.enum(['ban', 'mute']),
  user_id: userId,
  name: z.nullable(z.string()),
  guest: z.exactOptional(z.literal(true)),
  reason: z.string(),
  by: userId,
  at: time,
  until: z.exactOptional(time),
});

/** Somebody who is in a brane now, whatever devices he is there with. */
export const person = z.object({
  user_id: userId,
  name: z.nullable(z.string()),
  role: roleOrGuest,
  guest: z.exactOptional(z.literal(true)),
  muted: z.exactOptional(z.literal(true)),
  /** Since when he is there without a break. */
  since: time,
});

export type GuestTokensResponse = z.output<typeof guestTokens>;
export type LinkResource = z.output<typeof link>;
export type NewLinkResource = z.output<typeof newLink>;
export type RestrictionResource = z.output<typeof restriction>;
export type PersonResource = z.output<typeof person>;
