import { createHash } from 'node:crypto';
import type { CompanyRole } from '@state-server/domain';
import { COMPANY_LIMITS } from '@state-server/domain';
import { foldMailAddress, isMailAddress, queueMail } from '@state-server/mail';
import type { CompanyInvitationDoc } from '@state-server/persistence-port';
import { type CompanyInvitationResource, fail } from '@state-server/protocol';
import type { Also, CompanyDeps, CompanyWriter } from './company-deps';
import { assertCompanyRight, writeCompany } from './write-company';

export interface Invite extends CompanyWriter {
  readonly email: string;
  readonly role: CompanyRole;
  readonly expires_in_days: number;
  readonly invitation_id: string;
  /** What opens it: 256 random bits, in the e-mail alone. Only its digest is kept. */
  readonly token: string;
  readonly also?: Also<CompanyInvitationResource>;
}

const DAY_MS = 24 * 3_600_000;

/**
 * Invites whoever has an address: the invitation and its e-mail are there together, or neither is. Throws `permission.denied`
 * (an owner is invited by owners alone), `field.invalid`, `company.full`, `company.not_found`.
 */
export async function invite(deps: CompanyDeps, input: Invite): Promise<CompanyInvitationResource> {
  const { company_id, user_id, invitation_id: id, role: invited, token } = input;
  const email = foldMailAddress(input.email);
  if (!isMailAddress(email)) throw fail('field.invalid', { pointer: '/email' }, 'This is no e-mail address.');
  return writeCompany<CompanyInvitationResource>(
    deps,
    input,
    async ({ tx, company, role, at }) => {
      assertCompanyRight(role, 'company.manage_members');
      if (invited === 'owner') assertCompanyRight(role, 'company.manage_owners');
      const { invitations: max } = COMPANY_LIMITS;
      const waiting = await tx.range('company_invitations', {
        ...{ index: 'by_company', prefix: [company_id], limit: max },
      });
      if (waiting.length >= max) throw fail('company.full', { max });
      const invitation: CompanyInvitationDoc = {
        ...{ id, company_id, email, role: invited, hash: digestOf(token), invited_by: user_id },
        created_at: at,
        expires_at: new Date(Date.parse(at) + input.expires_in_days * DAY_MS).toISOString(),
      };
      tx.put('company_invitations', invitation);
      const inviter = await tx.get('users', [user_id]);
      await queueMail(tx, {
        ...{ template: 'company.invitation', to: email, key: `invitation:${id}`, at },
        data: {
          ...{ company: company.name, inviter: inviter?.name ?? '', role: invited, token },
          expires_at: invitation.expires_at,
        },
      });
      const shown = showInvitation(invitation);
      return {
        fields: {},
        act: { action: 'company.invited', details: { role: invited, invitation: id } },
        result: () => shown,
      };
    },
    input.also,
  );
}

export function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export function showInvitation(invitation: CompanyInvitationDoc): CompanyInvitationResource {
  const { id, email, role, invited_by, created_at, expires_at } = invitation;
  return { id, email, role, invited_by, created_at, expires_at };
}
