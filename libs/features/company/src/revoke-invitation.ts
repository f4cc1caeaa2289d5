import { fail } from '@state-server/protocol';
import type { Also, CompanyDeps, CompanyWriter } from './company-deps';
import { assertCompanyRight, writeCompany } from './write-company';

export interface RevokeInvitation extends CompanyWriter {
  readonly invitation_id: string;
  readonly also?: Also<undefined>;
}

/** Withdraws an invitation: its link opens nothing any more. Throws `permission.denied`, `invitation.not_found`, `company.not_found`. */
export async function revokeInvitation(deps: CompanyDeps, input: RevokeInvitation): Promise<undefined> {
  const { company_id, invitation_id: id } = input;
  return writeCompany<undefined>(
    deps,
    input,
    async ({ tx, role }) => {
      assertCompanyRight(role, 'company.manage_members');
      const invitation = await tx.get('company_invitations', [id]);
      if (invitation?.company_id !== company_id) throw fail('invitation.not_found', { id });
      tx.delete('company_invitations', [id]);
      return {
        fields: {},
        act: { action: 'company.invitation_revoked', details: { invitation: id } },
        result: () => undefined,
      };
    },
    input.also,
  );
}
