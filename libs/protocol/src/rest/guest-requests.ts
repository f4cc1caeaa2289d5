import * as z from 'zod/mini';
import { braneId, userId } from '../schema/ids';
import { toTime } from './requests';

/** 43 characters of base64url. */
const linkToken = z.string().check(z.minLength(1), z.maxLength(200));
export const linkId = z
  .string()
  .check(z.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be the id of a link'));
const linkRole = z.enum(['viewer', 'editor']);
const label = z.string().check(z.minLength(1), z.maxLength(100));
const uses = z.int().check(z.gte(1), z.lte(1_000_000));

/** By a link, or by the id of a brane that may be seen by whoever knows it. */
export const guestSignInRequest = z
  .strictObject({
    link: z.exactOptional(linkToken),
    brane_id: z.exactOptional(braneId),
    name: z.string().check(z.minLength(1), z.maxLength(200)),
  })
  .check(
    z.refine(
      (body) => (body.link === undefined) !== (body.brane_id === undefined),
      'must have either link or brane_id',
    ),
  );

export const linkParams = z.strictObject({ id: braneId, link_id: linkId });
export const newLinkRequest = z.strictObject({
  role: linkRole,
  label: z.exactOptional(label),
  /** RFC 3339, in the future. */
  expires_at: z.exactOptional(toTime),
  /** How many guests it lets in at all. */
  uses_max: z.exactOptional(uses),
});
/** Null takes a bound away; what is not named stays. */
export const updateLinkRequest = z
  .strictObject({
    role: z.exactOptional(linkRole),
    label: z.exactOptional(z.nullable(label)),
    expires_at: z.exactOptional(z.nullable(toTime)),
    uses_max: z.exactOptional(z.nullable(uses)),
  })
  .check(z.refine((body) => Object.keys(body).length > 0, 'must set role, label, expires_at or uses_max'));

export const moderationRequest = z
  .strictObject({
    action: z.enum(['kick', 'ban', 'mute']),
    user_id: userId,
    /** Told to whom it concerns. */
    reason: z.string().check(z.minLength(1), z.maxLength(500)),
    /** RFC 3339, in the future; without it until it is lifted. */
    until: z.exactOptional(toTime),
  })
  .check(z.refine((body) => body.action !== 'kick' || body.until === undefined, 'a kick has no until'));
export const liftParams = z.strictObject({ id: braneId, kind: z.enum(['ban', 'mute']), user_id: userId });

export type GuestSignInRequest = z.output<typeof guestSignInRequest>;
export type NewLinkRequest = z.output<typeof newLinkRequest>;
export type UpdateLinkRequest = z.output<typeof updateLinkRequest>;
export type ModerationRequest = z.output<typeof moderationRequest>;
