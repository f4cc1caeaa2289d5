import type { CompanyBraneRole } from '@state-server/domain';
import type { Also, CompanyDeps, CompanyWriter, SeenCompany } from './company-deps';
import { assertCompanyRight, writeCompany } from './write-company';

export interface UpdateCompany extends CompanyWriter {
  readonly name?: string;
  readonly brane_role?: CompanyBraneRole;
  readonly also?: Also<SeenCompany>;
}

/** Changes its name, or what its members are in its branes. Throws `company.not_found`, `permission.denied`, `precondition.failed`. */
export async function updateCompany(deps: CompanyDeps, input: UpdateCompany): Promise<SeenCompany> {
  const { name, brane_role, also } = input;
  return writeCompany<SeenCompany>(
    deps,
    input,
    ({ company, role }) => {
      assertCompanyRight(role, 'company.configure');
      const reaches = brane_role !== undefined && brane_role !== company.brane_role;
      return Promise.resolve({
        fields: { ...(name === undefined ? {} : { name }), ...(brane_role && { brane_role }) },
        ...(reaches ? { reach: {} } : {}),
        act: { action: 'company.updated', details: brane_role ? { brane_role } : {} },
        result: (after) => ({ company: after, role }),
      });
    },
    also,
  );
}
