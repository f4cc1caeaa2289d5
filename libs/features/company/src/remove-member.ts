import { countsAfter } from '@state-server/commit';
import type { UserId } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { Also, CompanyDeps, CompanyWriter } from './company-deps';
import { assertCompanyRight, writeCompany } from './write-company';

export interface RemoveCompanyMember extends CompanyWriter {
  readonly member_id: UserId;
  readonly also?: Also<undefined>;
}

/**
 * Puts a member out, or leaves. The last owner stays, however many leave at once: each of them writes the company. Throws
 * `company.not_found`, `permission.denied`, `company.member_unknown`, `company.last_owner`.
 */
export async function removeMember(deps: CompanyDeps, input: RemoveCompanyMember): Promise<undefined> {
  const { company_id, member_id, user_id } = input;
  return writeCompany<undefined>(
    deps,
    input,
    async ({ tx, company, role }) => {
      if (member_id !== user_id) assertCompanyRight(role, 'company.manage_members');
      const before = await tx.get('company_members', [company_id, member_id]);
      if (!before) throw fail('company.member_unknown', { user_id: member_id });
      if (before.role === 'owner' && member_id !== user_id) assertCompanyRight(role, 'company.manage_owners');
      const counts = countsAfter(company, before.role, undefined);
      if (counts.owners === 0) throw fail('company.last_owner');
      tx.delete('company_members', [company_id, member_id]);
      return {
        fields: counts,
        reach: { gone: member_id },
        act: { action: 'company.member_removed', target: { kind: 'user', id: member_id } },
        result: () => undefined,
      };
    },
    input.also,
  );
}
