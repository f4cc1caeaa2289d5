import { countsAfter } from '@state-server/commit';
import { COMPANY_LIMITS, type CompanyRole, type UserId } from '@state-server/domain';
import type { CompanyMemberDoc } from '@state-server/persistence-port';
import { type CompanyMemberResource, fail } from '@state-server/protocol';
import type { Also, CompanyDeps, CompanyWriter } from './company-deps';
import { assertMayJoin } from './guard-member';
import { withName } from './list-members';
import { assertCompanyRight, writeCompany } from './write-company';

export interface SetCompanyMember extends CompanyWriter {
  readonly member_id: UserId;
  readonly role: CompanyRole;
  readonly also?: Also<CompanyMemberResource>;
}

/**
 * Makes somebody a member, or changes the role. Throws `permission.denied` (an owner is made, and made less, by owners
 * alone), `user.not_found`, `company.last_owner`, `company.full`, `company.too_many`, `company.not_found`.
 */
export async function setMember(deps: CompanyDeps, input: SetCompanyMember): Promise<CompanyMemberResource> {
  const { company_id, member_id, role: wanted } = input;
  return writeCompany<CompanyMemberResource>(
    deps,
    input,
    async ({ tx, company, role, at }) => {
      assertCompanyRight(role, 'company.manage_members');
      const before = await tx.get('company_members', [company_id, member_id]);
      if (wanted === 'owner' || before?.role === 'owner') assertCompanyRight(role, 'company.manage_owners');
      if (!before) {
        await assertMayJoin(tx, member_id);
        if (company.members >= COMPANY_LIMITS.members)
          throw fail('company.full', { max: COMPANY_LIMITS.members });
      }
      const counts = countsAfter(company, before?.role, wanted);
      if (counts.owners === 0) throw fail('company.last_owner');
      const member: CompanyMemberDoc = {
        company_id,
        user_id: member_id,
        role: wanted,
        since: before?.since ?? at,
      };
      tx.put('company_members', member);
      const named = await withName(tx, member);
      return {
        fields: counts,
        ...(before?.role === wanted ? {} : { reach: {} }),
        act: {
          action: 'company.member_set',
          target: { kind: 'user', id: member_id },
          details: { role: wanted },
        },
        result: () => named,
      };
    },
    input.also,
  );
}
