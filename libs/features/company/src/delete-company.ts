import type { Also, CompanyDeps, CompanyWriter } from './company-deps';
import { assertCompanyRight, writeCompany } from './write-company';

export interface DeleteCompany extends CompanyWriter {
  readonly also?: Also<undefined>;
}

/**
 * Deletes a company: with this transaction nobody is anything by it any more. Its branes become the owner's who asks, one
 * after the other, by the operation that it leaves. Throws `company.not_found`, `permission.denied`, `precondition.failed`.
 */
export async function deleteCompany(deps: CompanyDeps, input: DeleteCompany): Promise<undefined> {
  return writeCompany<undefined>(
    deps,
    input,
    ({ role, at }) => {
      assertCompanyRight(role, 'company.delete');
      return Promise.resolve({
        fields: { deleted_at: at, heir: input.user_id },
        reach: {},
        act: { action: 'company.deleted' },
        result: () => undefined,
      });
    },
    input.also,
  );
}
