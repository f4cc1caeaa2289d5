import * as z from 'zod/mini';
import { companyId, operationId, time, userId, version } from '../schema/ids';

export const companyRole = z.enum(['owner', 'admin', 'member']);
/** What members of a company are in its branes; its owners and administrators are owners there. */
const companyBraneRole = z.enum(['editor', 'viewer']);
const companyName = z.string().check(z.minLength(1), z.maxLength(100), z.regex(/\S/, 'must say something'));

export const company = z.object({
  id: companyId,
  name: z.string(),
  brane_role: companyBraneRole,
  members: z.int(),
  /** Of who asks. */
  role: companyRole,
  version,
  created_at: time,
  updated_at: time,
});

export const companyMember = z.object({ user_id: userId, name: z.string(), role: companyRole, since: time });

/** The token is in the e-mail alone. */
export const companyInvitation = z.object({
  id: operationId,
  email: z.string(),
  role: companyRole,
  invited_by: userId,
  created_at: time,
  expires_at: time,
});

export const companyParams = z.strictObject({ id: companyId });
export const companyMemberParams = z.strictObject({ id: companyId, user_id: userId });
export const companyInvitationParams = z.strictObject({ id: companyId, invitation_id: operationId });
export const invitationTokenParams = z.strictObject({
  token: z.string().check(z.minLength(1), z.maxLength(100)),
});

export const createCompanyRequest = z.strictObject({
  id: z.exactOptional(companyId),
  name: companyName,
  brane_role: z._default(companyBraneRole, 'editor'),
});
export const updateCompanyRequest = z
  .strictObject({ name: z.exactOptional(companyName), brane_role: z.exactOptional(companyBraneRole) })
  .check(z.refine((body) => Object.keys(body).length > 0, 'must set name or brane_role'));
export const putCompanyMemberRequest = z.strictObject({ role: companyRole });
export const inviteRequest = z.strictObject({
  email: z
    .string()
    .check(z.maxLength(254), z.regex(/^[^\s@]{1,64}@[^\s@]{1,189}$/, 'must be an email address')),
  role: z._default(companyRole, 'member'),
  /** How long the invitation is good. */
  expires_in_days: z._default(z.int().check(z.gte(1), z.lte(30)), 7),
});
export const putBraneCompanyRequest = z.strictObject({ company_id: companyId });
export type CompanyResource = z.output<typeof company>;
export type CompanyMemberResource = z.output<typeof companyMember>;
export type CompanyInvitationResource = z.output<typeof companyInvitation>;
